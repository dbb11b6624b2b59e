;; A component without our export.
(component)
