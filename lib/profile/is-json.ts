// Tells the text of a profile from a program in the kernel's format.

/** Whether bytes are text. The code of each instruction of a program has a byte of zero, which no JSON text has. */
export const isJson = (bytes: Uint8Array): boolean => !bytes.includes(0);
