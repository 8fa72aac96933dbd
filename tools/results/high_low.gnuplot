# F1 against mean cost, from high_low.csv: gnuplot -c high_low.gnuplot IN.csv OUT.svg (tools/results/high_low calls it).
set terminal svg size 720,440 font "sans-serif,13" background "white"
set output ARG2
set datafile separator ","
set title "high_low on LFW-B: F1 on val against mean cost"
set xlabel "mean multiplications per image (millions)"
set ylabel "F1"
set key bottom right
set grid
set offsets 0.15, 0.45, 0.004, 0.002
is_static(name) = strstrt(name, "static") > 0
plot ARG1 every ::1 using (is_static(strcol(1)) ? NaN : column("mean_cost") / 1e6):(column("f1")) with linespoints pt 7 lw 2 title "high\\_low, each lambda", \
     "" every ::1 using (is_static(strcol(1)) ? NaN : column("mean_cost") / 1e6):(column("f1")):(strcol(2)) with labels offset 0, 1 notitle, \
     "" every ::1 using (is_static(strcol(1)) ? column("mean_cost") / 1e6 : NaN):(column("f1")) with points pt 5 ps 1.2 title "static sub-networks"
