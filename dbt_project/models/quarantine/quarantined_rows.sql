{{ quarantine_union() }}
