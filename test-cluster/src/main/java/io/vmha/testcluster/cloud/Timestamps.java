package io.vmha.testcluster.cloud;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** Nova writes times in two formats. */
final class Timestamps {
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private Timestamps() {}

    static String micros(long ms) {
        return MICROS.format(Instant.ofEpochMilli(ms));
    }

    static Optional<String> micros(Optional<Long> ms) {
        return ms.map(Timestamps::micros);
    }

    static String seconds(long ms) {
        return SECONDS.format(Instant.ofEpochMilli(ms));
    }
}
