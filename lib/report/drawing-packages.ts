import { optionalPackage } from '../files/optional-packages';

/** What draws is left out of an install: it is most of what that would weigh. */
const NAMES = ['@resvg/resvg-js', 'gifenc', 'vega', 'vega-lite'];

/** What `load` loads; @throws MissingPackages, one line with the command that installs all that charts and films need */
export const drawingPackage = <T>(load: () => T): T => optionalPackage('charts and films', NAMES, load);
