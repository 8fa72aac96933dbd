// The whole language of docs/language.md. What a rule means stands there; each rule has its example here.
// Expressions and pieces of network share one grammar; sema tells them apart. compiler/syntax/parse_tree_to_ast.cpp turns
// the tree into an ast::File. The rules are LL(1) but for `argument` and the head of `repeat`, which need a second token, so that a million tokens pass in seconds and a
// message can say what was expected.
parser grammar D2nnParser;
options { tokenVocab = D2nnLexer; }

// A file: declarations in any order.
file : fileItem* EOF ;

fileItem : importDecl | constDecl | blockDecl | networkDecl ;

// import std.vision;   import "heads.d2nn" as heads;
importDecl : IMPORT ( name ( DOT name )* | STRING ) ( AS alias = name )? SEMICOLON ;

// const width = 2 * 8;
constDecl : CONST name ASSIGN expr SEMICOLON ;

// block residual(channels: int)(x) { return x -> conv(3x3, channels, pad: 1) + x; }
blockDecl : BLOCK name parameters tensorNames? body ;

// network high_low(classes: int = 2) { ... }
networkDecl : NETWORK name parameters? LEFT_BRACE networkItem* RIGHT_BRACE ;

// (classes: int = 2, wide: bool = false)
parameters : LEFT_PAREN ( parameter ( COMMA parameter )* COMMA? )? RIGHT_PAREN ;
parameter : name COLON type = name ( ASSIGN expr )? ;

// (x, y) behind a block's parameters: the tensors it takes.
tensorNames : LEFT_PAREN ( name ( COMMA name )* COMMA? )? RIGHT_PAREN ;

// Declarations and edges of a network, in any order.
networkItem : inputDecl | outputDecl | dummyDecl | nodeDecl | edges | trainDecl | forDecl | ifDecl ;

// input image: f32[3, 112, 112];
inputDecl : INPUT name COLON tensorType SEMICOLON ;

// output scores: f32[classes] join last required;
outputDecl : OUTPUT name COLON tensorType outputProperty* SEMICOLON ;
outputProperty : JOIN name | REQUIRED ;

// dummy zero: f32[10] = 0;
dummyDecl : DUMMY name COLON tensorType ASSIGN expr SEMICOLON ;

// f32[3, 112, 112]; the element type is a name here so that a wrong one gets its own message.
tensorType : name LEFT_BRACKET expr ( COMMA expr )* COMMA? RIGHT_BRACKET ;

// node N2 join sum { ... }   control Q { ... }   node leaf[i] { ... }   node N(left join sum, right) as _ { ... }
nodeDecl : ( NODE | CONTROL ) name index? nodeInputs? nodeProperty* body ;
nodeInputs : LEFT_PAREN nodeInput ( COMMA nodeInput )* COMMA? RIGHT_PAREN ;
nodeInput : name ( JOIN join = name )? ;
nodeProperty : JOIN name | AS label ;

// { let y = x -> relu; return y + x; }   { conv(3x3, 8) -> relu }   let a, b = x -> chunk(2);
body : LEFT_BRACE letStatement* result? RIGHT_BRACE ;
letStatement : LET name ( COMMA name )* ASSIGN expr SEMICOLON ;
result : RETURN expr SEMICOLON | expr SEMICOLON? ;

// Data edges: A, B -> C -> D default 0;   Control edges: Q ~> high: N2, low: {A, B}, stop: none;
edges : endpoints ( dataHops | controlActions ) SEMICOLON ;
dataHops : ( ARROW endpoints )+ ( DEFAULT expr )? ;
endpoints : endpoint ( COMMA endpoint )* ;
// N1   leaf[2]   N.left
endpoint : name index? ( DOT input = name )? ;
controlActions : CONTROL_ARROW action ( COMMA action )* ;
// high: N2   pick[i]: expert[i]   `none` is a name here; it means no target.
action : name index? COLON ( endpoint | targetSet ) ;
targetSet : LEFT_BRACE ( endpoint ( COMMA endpoint )* COMMA? )? RIGHT_BRACE ;

// train { loss scores: cross_entropy(weight: 2); metric: f1(positive: 1); reward: lambda * metric; }
trainDecl : TRAIN LEFT_BRACE trainItem* RIGHT_BRACE ;
trainItem : first = name second = name? COLON expr SEMICOLON ;

// for i in 0..5 { node leaf[i] { ... } }
forDecl : FOR name IN begin = expr RANGE end = expr LEFT_BRACE networkItem* RIGHT_BRACE ;

// if wide { node A { ... } } else if tall { node B { ... } } else { ... }
ifDecl : IF expr itemBlock ( ELSE IF expr itemBlock )* ( ELSE last = itemBlock )? ;
itemBlock : LEFT_BRACE networkItem* RIGHT_BRACE ;

// From tightest to loosest; all binary operators group to the left. `->` binds tighter than all of them (pipeline).
expr
  : ( MINUS | NOT ) expr                                                            # unary
  | expr op = ( STAR | SLASH | PERCENT | AT ) expr                                  # binary
  | expr op = ( PLUS | MINUS ) expr                                                 # binary
  | expr op = ( LESS | LESS_EQUAL | GREATER | GREATER_EQUAL ) expr                  # binary
  | expr op = ( EQUAL | NOT_EQUAL ) expr                                            # binary
  | expr op = AND expr                                                              # binary
  | expr op = OR expr                                                               # binary
  | pipeline                                                                        # operand
  ;

// x -> conv(3x3, 8) -> relu; also one value alone.
pipeline : primary ( ARROW stage )* ;
stage : reference | repeatStage | ifStage ;

primary
  : INTEGER
  | FLOAT
  | DIMS
  | TRUE
  | FALSE
  | list
  | LEFT_PAREN expr RIGHT_PAREN
  | reference
  | repeatStage
  | ifStage
  ;

// [0.5, 0.5]   [[1, 0], [0, 1]]
list : LEFT_BRACKET ( expr ( COMMA expr )* COMMA? )? RIGHT_BRACKET ;

// relu   x   leaf[i]   conv(3x3, 8, stride: 2) as stem   heads.exit(10)   residual(16)(x)
reference : first = name ( DOT second = name )? ( index+ | ( arguments tensors? )? ( AS label )? ) ;
index : LEFT_BRACKET expr RIGHT_BRACKET ;
arguments : LEFT_PAREN ( argument ( COMMA argument )* COMMA? )? RIGHT_PAREN ;
argument : name COLON expr | expr ;
tensors : LEFT_PAREN ( expr ( COMMA expr )* COMMA? )? RIGHT_PAREN ;

// repeat 9 { residual(16) } as layer2 from 1   repeat i in 0..len(widths) { dense(widths[i]) }
repeatStage
  : REPEAT ( name IN begin = expr RANGE end = expr | count = expr ) LEFT_BRACE round = expr RIGHT_BRACE
    ( AS label )? ( FROM primary )?
  ;

// if has_gate { gate(8) } else if is_deep { dense(8) } else { identity }   Chains are no nesting: they may be long.
ifStage : IF expr exprBlock ( ELSE IF expr exprBlock )* ( ELSE last = exprBlock )? ;
exprBlock : LEFT_BRACE expr RIGHT_BRACE ;

// stem   layer2.0   output.dense   _   Words of the language may be steps: PyTorch's models use them.
label : labelStep ( DOT labelStep )* ;
labelStep : name | reserved | INTEGER | FLOAT ;

// Soft words are names; only position tells.
name : NAME | AS | DEFAULT | FROM | IN | JOIN | REQUIRED ;

reserved
  : IMPORT | CONST | BLOCK | NETWORK | INPUT | OUTPUT | NODE | CONTROL | DUMMY | TRAIN | FOR | REPEAT | IF | ELSE
  | LET | RETURN | TRUE | FALSE
  ;
