// Does nothing: what Node takes for a module.
