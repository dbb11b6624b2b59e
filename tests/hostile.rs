//! No plugin can take the server down, and each failure has its own code.
