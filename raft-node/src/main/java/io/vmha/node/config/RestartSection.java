package io.vmha.node.config;

import io.vmha.recovery.core.RestartPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What is done about VMs that die on hosts that live: the keys of {@code recovery.restart}. */
final class RestartSection {
    private static final List<String> SELECT = List.of("all", "tagged", "none");
    private static final int TRIES_MAX = 100;

    private RestartSection() {}

    static RestartPolicy read(Settings recovery) {
        RestartPolicy standard = RestartPolicy.DEFAULT;
        Settings section = recovery.section("restart");
        String select = section.text("select").orElse(SELECT.get(0));
        boolean known = SELECT.contains(select);
        if (!known) {
            section.problem("select", "must be " + String.join(" or ", SELECT) + " but is '" + select + "'");
        }
        var policy = new RestartPolicy(
                known ? RestartPolicy.Select.valueOf(select.toUpperCase(Locale.ROOT)) : standard.select(),
                section.integer("tries", standard.tries(), 1, TRIES_MAX),
                section.duration(
                                "within",
                                Duration.ofMillis(standard.windowMs()),
                                Duration.ofMinutes(1),
                                Duration.ofDays(7))
                        .toMillis(),
                section.duration(
                                "back_off", Duration.ofMillis(standard.backOffMs()), Duration.ZERO, Duration.ofHours(1))
                        .toMillis());
        section.refuseUnknownKeys();
        return policy;
    }
}
