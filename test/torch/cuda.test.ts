import t from 'tap';
import { torch } from '../../lib/torch';

t.test('what is told of CUDA agrees with what is there', async (t) => {
  const { cuda } = torch;
  const gpus = torch.devices().filter(({ type }) => type === 'cuda').length;
  t.equal(cuda.deviceCount(), gpus);
  t.equal(cuda.isAvailable(), gpus > 0);
  const build = /\+cu(\d+)(\d)$/.exec(torch.version.torch);
  t.equal(cuda.version, build ? `${build[1]}.${build[2]}` : null);
  const reason = build ? /^this libtorch is built for CUDA \d+\.\d and finds no GPU: \S.*$/ : /is built without CUDA$/;
  if (gpus > 0) t.equal(cuda.whyUnavailable(), null);
  else t.match(cuda.whyUnavailable(), reason);
});
