"""The page that people see: routes that answer with HTML, their templates, and the assets that these load."""
