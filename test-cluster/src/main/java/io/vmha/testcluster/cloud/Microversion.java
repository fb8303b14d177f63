package io.vmha.testcluster.cloud;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Nova API microversion, such as 2.53: which request and answer formats the client wants. */
record Microversion(int minor) implements Comparable<Microversion> {
    static final Microversion MIN = new Microversion(1);
    static final Microversion MAX = new Microversion(93); // Zed
    private static final Pattern NUMBER = Pattern.compile("2\\.(\\d{1,4})");

    /** What the request asks for, not yet checked; 2.1 if it asks for nothing. */
    static String asked(Map<String, List<String>> headers) {
        String asked = "2.1";
        for (String value : headers.getOrDefault("Openstack-api-version", List.of())) {
            for (String part : value.split(",", -1)) {
                String[] words = part.trim().split("\\s+", -1);
                if (words.length == 2 && words[0].equalsIgnoreCase("compute")) {
                    asked = words[1];
                }
            }
        }
        List<String> old = headers.getOrDefault("X-openstack-nova-api-version", List.of());
        if (asked.equals("2.1") && !old.isEmpty()) {
            asked = old.get(0).trim();
        }
        return asked;
    }

    /** @throws Refusal 400 if it cannot be read, 406 if this Nova does not speak it */
    static Microversion parse(String asked) {
        if (asked.equals("latest")) {
            return MAX;
        }
        Matcher matcher = NUMBER.matcher(asked);
        if (!matcher.matches()) {
            throw Refusal.badRequest(
                    "API Version String " + asked + " is of invalid format. Must be of format MajorNum.MinorNum.");
        }
        Microversion version = new Microversion(Integer.parseInt(matcher.group(1)));
        if (version.compareTo(MIN) < 0 || version.compareTo(MAX) > 0) {
            throw new Refusal(
                    406,
                    "Version " + version + " is not supported by the API. Minimum is " + MIN + " and maximum is " + MAX
                            + ".");
        }
        return version;
    }

    boolean atLeast(int otherMinor) {
        return minor >= otherMinor;
    }

    @Override
    public int compareTo(Microversion other) {
        return Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() {
        return "2." + minor;
    }
}
