// Modules of Node that take a while to load and that only children need: they are loaded with the first child.

export const childProcess = () => process.getBuiltinModule('node:child_process');
export const os = () => process.getBuiltinModule('node:os');
export const v8 = () => process.getBuiltinModule('node:v8');
