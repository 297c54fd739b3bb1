{{ books_union() }}
