// Modules of Node that take a while to load and that few programs need: they are loaded by who asks for them first.

export const childProcess = () => process.getBuiltinModule('node:child_process');
export const crypto = () => process.getBuiltinModule('node:crypto');
export const net = () => process.getBuiltinModule('node:net');
export const os = () => process.getBuiltinModule('node:os');
export const util = () => process.getBuiltinModule('node:util');
export const v8 = () => process.getBuiltinModule('node:v8');
