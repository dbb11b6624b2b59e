-- The limits that a plugin's upload set, and what the plugin uses up on generated rows, each as JSON; null for none.
ALTER TABLE plugins ADD COLUMN limits TEXT;
ALTER TABLE plugins ADD COLUMN fuel TEXT;
