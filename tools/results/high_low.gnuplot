# F1 against mean cost, from high_low.csv: gnuplot -c high_low.gnuplot IN.csv OUT.svg (tools/results/high_low calls it).
set terminal svg size 720,440 font "sans-serif,13" background "white"
set output ARG2
set datafile separator ","
set title "high_low on LFW-B: F1 on val against mean cost" noenhanced
set xlabel "mean multiplications per image (millions)"
set ylabel "F1"
set key bottom right noenhanced
set grid
set offsets 0.15, 0.45, 0.004, 0.002
# The columns are named in the first line. The label of lambda 0 stands below its point, where it meets no other.
cost(is_wanted) = is_wanted ? column("mean_cost") / 1e6 : NaN
is_static(name) = strstrt(name, "static") > 0
plot ARG1 using (cost(!is_static(strcol("run")))):(column("f1")) with linespoints pt 7 lw 2 title "high_low, each lambda", \
     "" using (cost(!is_static(strcol("run")) && strcol("lambda") ne "0")):(column("f1")):(strcol("lambda")) with labels offset 0, 1 notitle, \
     "" using (cost(strcol("lambda") eq "0")):(column("f1")):(strcol("lambda")) with labels offset 0, -1 notitle, \
     "" using (cost(is_static(strcol("run")))):(column("f1")) with points pt 5 ps 1.2 title "static_low, static_high"
