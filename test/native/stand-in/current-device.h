#pragma once

#include <ATen/core/Generator.h>
#include <c10/core/Device.h>

namespace standin {

/** The device of this thread. */
int current_device() noexcept;

/** The default generator of a device: a processor's generator under another name. */
const at::Generator& default_generator(int device);

/** The processor's generator inside of one of a device, or the generator as it is. */
at::Generator inner_generator(const at::Generator& generator);

/** Guard, streams, events, generators. */
void register_devices();

}  // namespace standin
