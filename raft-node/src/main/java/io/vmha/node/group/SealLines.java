package io.vmha.node.group;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseVoter;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A voter's seals as the lines of its promises: {@code epoch host}, for each host the newest life that is answered no more. */
final class SealLines {
    private SealLines() {}

    static String write(SortedMap<HostName, Long> seals) {
        return seals.entrySet().stream()
                .map(e -> e.getValue() + " " + URLEncoder.encode(e.getKey().value(), StandardCharsets.UTF_8) + "\n")
                .collect(Collectors.joining());
    }

    /** @throws IllegalStateException if the lines are not ours, though their checksum is right: a newer program's */
    static SortedMap<HostName, Long> parse(String text) {
        var seals = new TreeMap<HostName, Long>();
        for (String line : text.split("\n", -1)) {
            if (line.isEmpty()) {
                continue;
            }
            int space = line.indexOf(' ');
            try {
                seals.put(
                        new HostName(URLDecoder.decode(line.substring(space + 1), StandardCharsets.UTF_8)),
                        Long.parseLong(line.substring(0, Math.max(0, space))));
            } catch (IllegalArgumentException e) {
                throw new IllegalStateException(
                        "a seal must be an epoch and a host but is \"" + line + "\": upgrade this node", e);
            }
        }
        if (seals.size() > LeaseVoter.HOSTS_MAX) {
            throw new IllegalStateException("at most " + LeaseVoter.HOSTS_MAX + " seals but there are " + seals.size());
        }
        return seals;
    }
}
