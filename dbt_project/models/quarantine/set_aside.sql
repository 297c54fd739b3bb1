{{ set_aside_union() }}
