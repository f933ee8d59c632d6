// Prints when it runs, and does nothing else: the time that Node takes for an ES module.
process.stdout.write(String(process.hrtime.bigint()));
