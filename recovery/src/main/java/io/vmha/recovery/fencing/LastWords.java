package io.vmha.recovery.fencing;

import io.vmha.recovery.config.Secret;
import java.util.Locale;
import java.util.regex.Pattern;

/** What an agent said last, fit for a log line: one line, short, printable, without secrets. */
final class LastWords {
    private static final int LENGTH_MAX = 200;
    private static final Pattern SECRET_NAME = Pattern.compile(".*(pass|secret|token|key|_kg|community).*");

    /** What fencing.py puts before each line; it would make two equal failures differ. */
    private static final Pattern LOG_PREFIX = Pattern.compile("^[0-9-]{10} [0-9:,]{8,12} [A-Z]+: ");

    private LastWords() {}

    static String of(String output, FenceDevice.Access access) {
        var line = "";
        for (String candidate : output.split("[\r\n]+", -1)) {
            if (!candidate.isBlank()) {
                line = candidate;
            }
        }
        var message = LOG_PREFIX.matcher(line).replaceFirst("");
        var words = withoutSecrets(message, access)
                .replaceAll("[^\\x20-\\x7e]+", " ")
                .strip();
        if (words.isEmpty()) {
            return "(it said nothing)";
        }
        return words.length() <= LENGTH_MAX ? words : words.substring(0, LENGTH_MAX) + "...";
    }

    private static String withoutSecrets(String line, FenceDevice.Access access) {
        var clean = access.password()
                .map(Secret::reveal)
                .map(secret -> line.replace(secret, "(hidden)"))
                .orElse(line);
        for (var option : access.options().entrySet()) {
            if (SECRET_NAME.matcher(option.getKey().toLowerCase(Locale.ROOT)).matches()) {
                clean = clean.replace(option.getValue(), "(hidden)");
            }
        }
        return clean;
    }
}
