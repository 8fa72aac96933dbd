// Tokens of d2nn (docs/language.md). The lexer reads bytes, not characters (compiler/syntax/byte_stream.h), so a token's
// indices are byte offsets; bytes from 0x80 on can stand only in comments and strings.
// The declaration words are reserved. The soft words (as, default, from, in, join, required) are names wherever the parser
// rule `name` stands. Names of layers, joins, actions, types and train settings are no tokens of their own.
lexer grammar D2nnLexer;

// ---- reserved words ----
IMPORT : 'import' ;
CONST : 'const' ;
BLOCK : 'block' ;
NETWORK : 'network' ;
INPUT : 'input' ;
OUTPUT : 'output' ;
NODE : 'node' ;
CONTROL : 'control' ;
DUMMY : 'dummy' ;
TRAIN : 'train' ;
FOR : 'for' ;
REPEAT : 'repeat' ;
IF : 'if' ;
ELSE : 'else' ;
LET : 'let' ;
RETURN : 'return' ;
TRUE : 'true' ;
FALSE : 'false' ;

// ---- soft words ----
AS : 'as' ;
DEFAULT : 'default' ;
FROM : 'from' ;
IN : 'in' ;
JOIN : 'join' ;
REQUIRED : 'required' ;

// ---- punctuation ----
ARROW : '->' ;           // data edge, pipeline
CONTROL_ARROW : '~>' ;   // control edge
RANGE : '..' ;
LEFT_BRACE : '{' ;
RIGHT_BRACE : '}' ;
LEFT_PAREN : '(' ;
RIGHT_PAREN : ')' ;
LEFT_BRACKET : '[' ;
RIGHT_BRACKET : ']' ;
COMMA : ',' ;
SEMICOLON : ';' ;
COLON : ':' ;
DOT : '.' ;
ASSIGN : '=' ;
PLUS : '+' ;
MINUS : '-' ;
STAR : '*' ;
SLASH : '/' ;
AT : '@' ;              // product of matrices
PERCENT : '%' ;
EQUAL : '==' ;
NOT_EQUAL : '!=' ;
LESS : '<' ;
LESS_EQUAL : '<=' ;
GREATER : '>' ;
GREATER_EQUAL : '>=' ;
AND : '&&' ;
OR : '||' ;
NOT : '!' ;

// ---- literals and names ----
// Digits on both sides of the point, so that `0..5` is a range.
FLOAT : DIGITS '.' DIGITS EXPONENT? | DIGITS EXPONENT ;
// "3x3", "3x112x112": dimensions. Zeros are read here and refused where dimensions are used.
DIMS : DIGITS ( 'x' DIGITS )+ ;
INTEGER : DIGITS ;
// Digits that run into letters ("3x", "12abc", "0x1F"): one token, so that there is one message.
BAD_NUMBER : DIGITS ( '.' DIGITS )? [a-zA-Z_] [a-zA-Z_0-9]* ;
NAME : [a-zA-Z_] [a-zA-Z_0-9]* ;
// File names of imports; there are no escapes.
STRING : '"' ~["\r\n]* '"' ;
// A string that the line's end cuts off.
OPEN_STRING : '"' ~["\r\n]* ;

// ---- between the tokens ----
// Documents the next declaration. Four slashes or more are an ordinary comment.
DOC : '///' ( ~[/\r\n] ~[\r\n]* )? -> channel(HIDDEN) ;
LINE_COMMENT : '//' ~[\r\n]* -> skip ;
BLOCK_COMMENT : '/*' .*? '*/' -> skip ;
// Matches only when no `*/` follows: the rest of the file is inside this comment.
OPEN_COMMENT : '/*' ;
SPACE : [ \t\r\n\u000B\u000C]+ -> skip ;
// Any other byte, reported by compiler/syntax/tokens.cpp and never seen by the parser.
UNKNOWN : . ;

fragment DIGITS : [0-9]+ ;
fragment EXPONENT : [eE] [+\-]? DIGITS ;
