#pragma once

namespace standin {

/** Makes of `erfcx` on the stand-in a kernel that reads the device's memory on the host, to see that this is found. */
void plant_peek();

/** Makes of copies to the host what leaves the memory where it is, to see that who reads it then is found. */
void plant_stay();

}  // namespace standin
