/** The thread of a compute worker. */
import { workerData } from 'node:worker_threads';
import { torch } from '../torch';
import { HeldModel } from './held-model';
import { JOBS } from './jobs';
import type { ThreadStart } from './messages';
import { serveRequests, type Jobs } from './serve-requests';

const { threads } = workerData as ThreadStart;
if (threads !== undefined) torch.setNumThreads(threads);
serveRequests(new HeldModel(), JOBS as Jobs<HeldModel>);
