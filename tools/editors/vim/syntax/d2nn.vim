" Colours for d2nn programs. tests/cli/editors_test.py holds the words to the lexer and the layers to docs/ops.md.
if exists('b:current_syntax')
  finish
endif

syntax keyword d2nnDeclaration const block network input output node control dummy train let
syntax keyword d2nnStatement import for repeat if else return
syntax keyword d2nnBoolean true false
syntax keyword d2nnWord as default from in join required
syntax keyword d2nnType f32 int float bool dims list
syntax keyword d2nnConstant none actions
syntax keyword d2nnLayer conv conv_transpose dense linear max_pool avg_pool top global_avg_pool global_max_pool batch_norm layer_norm
syntax keyword d2nnLayer group_norm normalize relu leaky_relu sigmoid tanh gelu relu6 hard_sigmoid hard_swish elu
syntax keyword d2nnLayer clamp exp log sqrt abs silu dropout softmax sum mean max flatten reshape pad_channels
syntax keyword d2nnLayer permute slice upsample parameter detach identity concat

syntax match d2nnNumber '\<\d\+\>'
syntax match d2nnNumber '\<\d\+\%(x\d\+\)\+\>'
syntax match d2nnFloat '\<\d\+\%(\.\d\+\%([eE][+-]\?\d\+\)\?\|[eE][+-]\?\d\+\)\>'
syntax match d2nnLabel '\%(\<as\s\+\)\@<=\w\+\%(\.\w\+\)*'
syntax match d2nnArgument '\<\h\w*\ze\s*:'
syntax match d2nnOperator '->\|\~>\|\.\.\|==\|!=\|<=\|>=\|&&\|||\|[-+*/%@<>!=]'
syntax region d2nnString start='"' end='"' oneline
syntax keyword d2nnTodo TODO FIXME contained
syntax match d2nnComment '//.*$' contains=d2nnTodo,@Spell
syntax match d2nnDocumentation '///\%(/\)\@!.*$' contains=@Spell
syntax region d2nnComment start='/\*' end='\*/' contains=d2nnTodo,@Spell

highlight default link d2nnDeclaration Structure
highlight default link d2nnStatement Statement
highlight default link d2nnBoolean Boolean
highlight default link d2nnWord Keyword
highlight default link d2nnType Type
highlight default link d2nnConstant Constant
highlight default link d2nnLayer Function
highlight default link d2nnNumber Number
highlight default link d2nnFloat Float
highlight default link d2nnLabel Label
highlight default link d2nnArgument Identifier
highlight default link d2nnOperator Operator
highlight default link d2nnString String
highlight default link d2nnTodo Todo
highlight default link d2nnComment Comment
highlight default link d2nnDocumentation SpecialComment

let b:current_syntax = 'd2nn'
