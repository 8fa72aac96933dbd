autocmd BufRead,BufNewFile *.d2nn setfiletype d2nn
