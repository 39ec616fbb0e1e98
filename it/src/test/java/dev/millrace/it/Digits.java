package dev.millrace.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Measures a model of the example with code of its own: rows of weights, bias first; pixels of 0 to
 * 16.
 */
final class Digits {
  private Digits() {}

  static double accuracy(Path model, Path heldOut) throws IOException {
    double[][] weights = new double[10][];
    for (String line : Files.readAllLines(model)) {
      double[] row =
          java.util.Arrays.stream(line.split(",")).mapToDouble(Double::parseDouble).toArray();
      weights[(int) row[0]] = java.util.Arrays.copyOfRange(row, 1, row.length);
    }
    List<String> rows = Files.readAllLines(heldOut);
    int right = 0;
    for (String line : rows) {
      int[] row = java.util.Arrays.stream(line.split(",")).mapToInt(Integer::parseInt).toArray();
      int best = 0;
      double highest = Double.NEGATIVE_INFINITY;
      for (int digit = 0; digit < 10; digit++) {
        double score = weights[digit][0];
        for (int pixel = 0; pixel < 64; pixel++) {
          score += weights[digit][pixel + 1] * row[pixel] / 16.0;
        }
        if (score > highest) {
          highest = score;
          best = digit;
        }
      }
      right += best == row[64] ? 1 : 0;
    }
    return right / (double) rows.size();
  }

  /** The accuracy of always naming the commonest digit. */
  static double commonest(Path heldOut) throws IOException {
    int[] count = new int[10];
    List<String> rows = Files.readAllLines(heldOut);
    for (String line : rows) {
      count[Integer.parseInt(line.substring(line.lastIndexOf(',') + 1))]++;
    }
    return java.util.Arrays.stream(count).max().orElse(0) / (double) rows.size();
  }

  /** Gives each row the label of another one, the same way each time. */
  static void shuffleLabels(Path train) throws IOException {
    List<String> rows = Files.readAllLines(train);
    List<String> labels = new ArrayList<>();
    rows.forEach(row -> labels.add(row.substring(row.lastIndexOf(','))));
    Collections.shuffle(labels, new Random(7));
    List<String> shuffled = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      shuffled.add(rows.get(i).substring(0, rows.get(i).lastIndexOf(',')) + labels.get(i));
    }
    Files.write(train, shuffled);
  }
}
