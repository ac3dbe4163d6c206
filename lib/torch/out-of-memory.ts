/** Whether an error says that memory did not suffice, on the processor or a device. */
export const isOutOfMemory = (thrown: unknown): thrown is Error =>
  thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === 'ERR_OUT_OF_MEMORY';
