# Applies a model of train.awk to held-out rows: prints accuracy and a confusion matrix as JSON.

BEGIN { FS = ","; pixels = 64; classes = 10 }

FNR == 1 { part++ }

part == 1 { for (i = 0; i <= pixels; i++) weight[$1, i] = $(i + 2); learnt++ }

part == 2 {
  best = 0
  for (c = 0; c < classes; c++) {
    score[c] = weight[c, 0]
    for (i = 1; i <= pixels; i++) score[c] += weight[c, i] * $i / 16
    if (score[c] > score[best]) best = c
  }
  seen[$(pixels + 1), best]++
  right += (best == $(pixels + 1))
  total++
}

END {
  if (learnt != classes || total == 0) { print "evaluate.awk: the model or the data is incomplete" > "/dev/stderr"; exit 1 }
  printf "{\"accuracy\": %.4f, \"images\": %d}\n", right / total, total
  report = report "digit"
  for (c = 0; c < classes; c++) report = report "," c
  print report > table
  for (c = 0; c < classes; c++) {
    line = c
    for (best = 0; best < classes; best++) line = line "," (seen[c, best] + 0)
    print line > table
  }
}
