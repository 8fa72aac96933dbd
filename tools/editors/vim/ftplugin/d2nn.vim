" Programs of d2nn: two blanks for a level, comments, `d2nn fmt` for gq (the whole file: gggqG).
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal expandtab shiftwidth=2 softtabstop=2 textwidth=100
setlocal comments=:///,://,s1:/*,mb:*,ex:*/ commentstring=//\ %s
setlocal formatoptions-=t formatoptions+=croql
setlocal formatprg=d2nn\ fmt\ -
setlocal cindent cinoptions=+4,(0,j1
let b:undo_ftplugin = 'setlocal et< sw< sts< tw< com< cms< fo< fp< cin< cino<'
