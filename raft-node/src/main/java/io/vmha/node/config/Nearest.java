package io.vmha.node.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the known word that somebody probably meant. */
final class Nearest {
    private Nearest() {}

    /** The known word with the fewest changed letters, if they are few enough for a slip of the fingers. */
    static Optional<String> to(String written, Collection<String> known) {
        int most = Math.max(2, written.length() / 3);
        return known.stream()
                .filter(word -> distance(written, word) <= most)
                .min(Comparator.<String>comparingInt(word -> distance(written, word))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** Levenshtein's distance, by rows. Keys are short: the reader refuses long ones. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? diagonal : diagonal + 1;
                row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
