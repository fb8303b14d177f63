package io.vmha.node.consul;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes and reads them: {@code 10s}, {@code 1m30s}, {@code 250ms}. */
final class GoDuration {
    private static final Pattern PART = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)");
    private static final Map<String, Long> NANOS = Map.of(
            "ns",
            1L,
            "us",
            1_000L,
            "µs",
            1_000L,
            "ms",
            1_000_000L,
            "s",
            1_000_000_000L,
            "m",
            60_000_000_000L,
            "h",
            3_600_000_000_000L);

    private GoDuration() {}

    /** Nanoseconds; empty if it is not a duration or longer than some centuries. */
    static Optional<Long> parse(String text) {
        if (text.equals("0")) {
            return Optional.of(0L);
        }
        Matcher part = PART.matcher(text);
        BigDecimal nanos = BigDecimal.ZERO;
        int end = 0;
        while (part.find() && part.start() == end) {
            nanos = nanos.add(new BigDecimal(part.group(1)).multiply(BigDecimal.valueOf(NANOS.get(part.group(2)))));
            end = part.end();
        }
        boolean whole = end == text.length() && end > 0;
        return whole && nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0
                ? Optional.of(nanos.setScale(0, RoundingMode.DOWN).longValueExact())
                : Optional.empty();
    }

    /** As Go prints it: {@code 1m30s}, {@code 24h0m0s}. */
    static String print(long millis) {
        if (millis == 0) {
            return "0s";
        }
        if (millis < 1_000) {
            return millis + "ms";
        }
        long seconds = millis / 1_000;
        String rest = millis % 1_000 == 0
                ? String.valueOf(seconds % 60)
                : String.format(Locale.ROOT, "%d.%03d", seconds % 60, millis % 1_000)
                        .replaceAll("0+$", "");
        String text = rest + "s";
        if (seconds >= 60) {
            text = seconds / 60 % 60 + "m" + text;
        }
        return seconds >= 3_600 ? seconds / 3_600 + "h" + text : text;
    }
}
