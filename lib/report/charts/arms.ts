/** How the compared agents are called and coloured. */
import { ARMS, type Arm } from '../../rl/evaluation/comparison';
import { colour, type Colour } from './palette';

export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  deceptive: 'deceptive',
  tuned: 'tuned for overlap',
  control: 'control without overlap',
  honest: 'honest',
};
export const ARM_COLOURS: Readonly<Record<Arm, Colour>> = {
  deceptive: 'deceptive',
  tuned: 'retention',
  control: 'random',
  honest: 'honest',
};
export const byArm = {
  field: 'arm',
  title: null,
  scale: { domain: ARMS.map((arm) => ARM_NAMES[arm]), range: ARMS.map((arm) => colour(ARM_COLOURS[arm])) },
};
