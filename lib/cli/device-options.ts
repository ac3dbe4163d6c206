/** Where a model goes: on one device, or its layers over all accelerators. */
import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { PlaceOptions } from '../models/device-map/places';
import { SPREADS } from '../models/device-map/plan';
import { torch, type Device } from '../torch';
import { InputError } from './command';
import { byteSizes } from './options';

export const deviceSchema = z.object({
  device: z.string().optional(),
  deviceMap: z.enum(SPREADS).optional(),
  maxMemory: z.array(z.number()).optional(),
});

export function addDeviceOptions(command: Command): void {
  command
    .option('--device <name>', 'cpu, cuda:0, ...', 'cpu')
    .addOption(
      new Option('--device-map <how>', 'spread layers over all accelerators: auto (the fewest), balanced (all alike)')
        .choices(SPREADS)
        .conflicts(['device', 'workers'])
        .implies({ device: undefined }),
    )
    .option(
      '--max-memory <sizes>',
      'with --device-map: what may be taken on each, such as 20GB,24GB (default: nine tenths of what is free)',
      byteSizes,
    );
}

/** @throws InputError, one line, for a device that is not there, and where there is nothing to spread a model over */
export function placeOf({ device = 'cpu', deviceMap, maxMemory }: z.infer<typeof deviceSchema>): PlaceOptions {
  if (deviceMap === undefined) {
    if (maxMemory) throw new InputError('--max-memory: goes with --device-map');
    return { device: knownDevice(device) };
  }
  const accelerators = torch.devices().map(String).filter((name) => name !== 'cpu'); // prettier-ignore
  if (accelerators.length === 0)
    throw new InputError(`--device-map ${deviceMap}: this machine and this libtorch have no accelerator${whyNoCuda()}`);
  if (maxMemory && maxMemory.length > accelerators.length)
    throw new InputError(`--max-memory: ${maxMemory.length} sizes for ${accelerators.join(', ')}`);
  return { deviceMap, maxMemory: maxMemory && Object.fromEntries(maxMemory.map((bytes, i) => [accelerators[i], bytes])) }; // prettier-ignore
}

/** @throws InputError, one line with the devices that are there and, for CUDA, why it is not */
export function knownDevice(name: string): Device {
  const devices = torch.devices().map(String);
  const known = name === 'cuda' ? devices.some((device) => device.startsWith('cuda')) : devices.includes(name);
  if (known) return torch.device(name);
  const reason = name.startsWith('cuda') ? whyNoCuda() : '';
  throw new InputError(`--device ${name}: this machine and this libtorch have ${devices.join(', ')}${reason}`);
}

function whyNoCuda(): string {
  const why = torch.cuda.whyUnavailable();
  return why === null ? '' : `; ${why}`;
}
