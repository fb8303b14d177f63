package io.vmha.gossip.serf;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a failed member is waited for: its own tag {@code rc_tm} decides, as in Consul, and else the pool's time. The tag is a Go
 * duration such as {@code 72h} or {@code 1h30m}.
 */
final class ReconnectTimeout {
    private static final String TAG = "rc_tm";

    /** Longer makes no difference to any process. */
    private static final double LONGEST_MS = 10.0 * 365 * 24 * 3600 * 1000;

    private static final int PARTS_MAX = 8;
    private static final Pattern PART = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)(ns|us|ms|s|m|h)");

    private ReconnectTimeout() {}

    static long of(Member member, long otherwiseMs) {
        String tag = member.tag(TAG);
        double sumMs = 0;
        int at = 0;
        Matcher part = PART.matcher(tag);
        for (int parts = 0; parts < PARTS_MAX && at < tag.length(); parts++) {
            if (!part.region(at, tag.length()).lookingAt()) {
                return otherwiseMs;
            }
            sumMs += Double.parseDouble(part.group(1)) * unitMs(part.group(2));
            at = part.end();
        }
        boolean whole = at == tag.length() && at > 0;
        return whole ? (long) Math.min(sumMs, LONGEST_MS) : otherwiseMs;
    }

    private static double unitMs(String unit) {
        return switch (unit) {
            case "h" -> 3_600_000;
            case "m" -> 60_000;
            case "s" -> 1_000;
            case "ms" -> 1;
            case "us" -> 1e-3;
            case "ns" -> 1e-6;
            default -> throw new IllegalStateException("the pattern lets no unit " + unit + " pass");
        };
    }
}
