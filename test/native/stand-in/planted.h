#pragma once

namespace standin {

/** Makes of `erfcx` on the stand-in a kernel that reads the device's memory on the host, to see that this is found. */
void plant_peek();

}  // namespace standin
