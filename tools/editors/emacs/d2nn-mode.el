;;; d2nn-mode.el --- Programs of d2nn, the language of dynamic deep neural networks  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages

;;; Commentary:

;; Colours, comments, indentation by braces, `d2nn-format-buffer', and the language server `d2nn lsp' through eglot.
;; tests/cli/editors_test.py holds the words to the lexer and the layers to docs/ops.md.

;;; Code:

(defgroup d2nn nil
  "Programs of d2nn."
  :group 'languages)

(defcustom d2nn-program "d2nn"
  "The d2nn program, for formatting and as the language server."
  :type 'string
  :group 'd2nn)

(defcustom d2nn-indent-offset 2
  "Columns of a level."
  :type 'integer
  :safe #'integerp
  :group 'd2nn)

(defconst d2nn-words
  '("import" "const" "block" "network" "input" "output" "node" "control" "dummy" "train" "for" "repeat" "if" "else" "let"
    "return" "as" "default" "from" "in" "join" "required")
  "Words of the language.")

(defconst d2nn-layers
  '("conv" "conv_transpose" "dense" "linear" "max_pool" "avg_pool" "top" "global_avg_pool" "global_max_pool" "batch_norm" "layer_norm" "group_norm"
    "normalize" "relu" "leaky_relu" "sigmoid" "tanh" "gelu" "relu6" "hard_sigmoid" "hard_swish" "elu" "clamp" "exp"
    "log" "sqrt" "abs" "silu" "dropout" "softmax" "sum" "mean" "max" "flatten" "reshape" "pad_channels" "permute"
    "slice" "upsample" "parameter" "detach" "identity" "concat")
  "Layers that a pipeline can name.")

(defconst d2nn-font-lock-keywords
  `(("\\_<\\(?:network\\|block\\)\\s-+\\(\\(?:\\sw\\|\\s_\\)+\\)" 1 font-lock-function-name-face)
    ("\\_<\\(?:node\\|control\\|dummy\\|input\\|output\\|const\\|let\\)\\s-+\\(\\(?:\\sw\\|\\s_\\)+\\)"
     1 font-lock-variable-name-face)
    ("\\_<as\\s-+\\([[:alnum:]_.]+\\)" 1 font-lock-constant-face)
    (,(regexp-opt d2nn-words 'symbols) . font-lock-keyword-face)
    (,(regexp-opt '("true" "false" "none" "actions") 'symbols) . font-lock-constant-face)
    (,(regexp-opt '("f32" "int" "float" "bool" "dims" "list") 'symbols) . font-lock-type-face)
    (,(regexp-opt d2nn-layers 'symbols) . font-lock-builtin-face))
  "What `d2nn-mode' colours besides comments and strings.")

(defvar d2nn-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 124b" table)
    (modify-syntax-entry ?* ". 23" table)
    (modify-syntax-entry ?\n "> b" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?\\ "." table)
    (dolist (sign '(?- ?+ ?~ ?> ?< ?= ?! ?& ?| ?% ?@))
      (modify-syntax-entry sign "." table))
    table)
  "Comments are those of C++; a string has no escapes.")

(defun d2nn-indent-line ()
  "Indent by the brackets around the line.
Behind an open bracket with text, that is below the text."
  (interactive)
  (let* ((state (save-excursion (syntax-ppss (line-beginning-position))))
         (open (nth 1 state))
         (column
          (cond
           ((nth 3 state) nil)
           ((null open) 0)
           (t
            (save-excursion
              (back-to-indentation)
              (let ((closes (looking-at "[])}]")))
                (goto-char open)
                (if (and (not closes) (looking-at "[[({][ \t]*[^ \t\n/]"))
                    (progn (forward-char) (skip-chars-forward " \t") (current-column))
                  (back-to-indentation)
                  (+ (current-column) (if closes 0 d2nn-indent-offset)))))))))
    (when column
      (if (<= (current-column) (current-indentation))
          (indent-line-to column)
        (save-excursion (indent-line-to column))))))

(defun d2nn-format-buffer ()
  "Lay the buffer out with `d2nn fmt'.
A program with syntax errors is left alone and its errors are shown."
  (interactive)
  (let ((formatted (generate-new-buffer " *d2nn fmt*"))
        (errors (make-temp-file "d2nn-fmt"))
        (source (current-buffer)))
    (unwind-protect
        (if (zerop (call-process-region nil nil d2nn-program nil (list formatted errors) nil "fmt" "-"))
            (with-current-buffer source (replace-buffer-contents formatted))
          (with-current-buffer (get-buffer-create "*d2nn errors*")
            (erase-buffer)
            (insert-file-contents errors)
            (display-buffer (current-buffer))))
      (kill-buffer formatted)
      (delete-file errors))))

;;;###autoload
(define-derived-mode d2nn-mode prog-mode "d2nn"
  "Major mode for programs of d2nn."
  (setq-local font-lock-defaults '(d2nn-font-lock-keywords))
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "\\(?://+\\|/\\*+\\)\\s-*")
  (setq-local comment-end "")
  (setq-local indent-line-function #'d2nn-indent-line)
  (setq-local indent-tabs-mode nil)
  (setq-local fill-column 100))

(define-key d2nn-mode-map (kbd "C-c C-f") #'d2nn-format-buffer)

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.d2nn\\'" . d2nn-mode))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs `(d2nn-mode . (,d2nn-program "lsp"))))

(provide 'd2nn-mode)
;;; d2nn-mode.el ends here
