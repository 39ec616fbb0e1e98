# Softmax regression by stochastic gradient descent over 8x8 images of handwritten digits.
# Reads training rows, then held-out rows (two files, 64 pixels 0..16 and the label in each row).
# Prints one JSON object an epoch; writes the weights to the file named by `model`.
# Every loop in this file is plain POSIX awk.

BEGIN { FS = ","; pixels = 64; classes = 10; srand(seed) }

FNR == 1 { part++ }

part == 1 { keep(train_x, train_y, rows++) }
part == 2 { keep(held_x, held_y, held++) }

# Keeps only the pixels that are not blank: half of an image is.
function keep(x, y, row,    i, list) {
  list = ""
  for (i = 1; i <= pixels; i++) if ($i > 0) list = list i " " $i / 16 " "
  x[row] = list
  y[row] = $(pixels + 1)
}

# Fills score[] for one image and returns the most likely class.
function classify(image,    n, i, c, best) {
  n = split(image, field, " ")
  for (c = 0; c < classes; c++) {
    score[c] = weight[c, 0]
    for (i = 1; i < n; i += 2) score[c] += weight[c, field[i]] * field[i + 1]
  }
  best = 0
  for (c = 1; c < classes; c++) if (score[c] > score[best]) best = c
  return best
}

# One step of gradient descent; returns the loss of this image.
function learn(image, label,    n, i, c, top, sum, slope) {
  top = score[classify(image)]
  n = split(image, field, " ")
  sum = 0
  for (c = 0; c < classes; c++) { likely[c] = exp(score[c] - top); sum += likely[c] }
  for (c = 0; c < classes; c++) {
    slope = rate * (likely[c] / sum - (c == label))
    weight[c, 0] -= slope
    for (i = 1; i < n; i += 2) weight[c, field[i]] -= slope * field[i + 1]
  }
  return -log(likely[label] / sum + 1e-12)
}

function shuffle_labels(    i, j, swap) {
  for (i = rows - 1; i > 0; i--) {
    j = int(rand() * (i + 1)); swap = train_y[i]; train_y[i] = train_y[j]; train_y[j] = swap
  }
}

END {
  if (rows == 0 || held == 0) { print "train.awk: no rows to learn from" > "/dev/stderr"; exit 1 }
  if (shuffle) shuffle_labels()
  print "training on " rows " images, checking on " held " others"
  for (epoch = 1; epoch <= epochs; epoch++) {
    loss = 0
    for (row = 0; row < rows; row++) loss += learn(train_x[row], train_y[row])
    right = 0
    for (row = 0; row < held; row++) right += (classify(held_x[row]) == held_y[row])
    printf "{\"epoch\": %d, \"loss\": %.5f, \"accuracy\": %.4f}\n", epoch, loss / rows, right / held
    fflush()
  }
  for (c = 0; c < classes; c++) {
    line = c
    for (i = 0; i <= pixels; i++) line = line "," sprintf("%.6f", weight[c, i])
    print line > model
  }
}
