package io.vmha.recovery.fencing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.config.Section;
import io.vmha.recovery.core.HostName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FencingConfigTest {
    private static final String GUID = "00112233-4455-6677-8899-aabbccddeeff";

    @TempDir
    Path directory;

    private final List<String> problems = new ArrayList<>();

    private Optional<FencingConfig> read(Map<String, ?> section) {
        return FencingConfig.read(new Section("fencing", section, problems));
    }

    /** An agent that exists on every machine: the tests do not need the package fence-agents. */
    private String agent(String name) throws IOException {
        var file = directory.resolve(name);
        if (!Files.exists(file)) {
            Files.writeString(file, "#!/bin/sh\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        }
        return file.toString();
    }

    @Test
    void aHostTakesFromTheDefaultsWhatItDoesNotSayItself() throws IOException {
        var config = read(Map.of(
                        "parallel",
                        3,
                        "defaults",
                        Map.of(
                                "agent",
                                agent("fence_ipmilan"),
                                "username",
                                "admin",
                                "password",
                                "one",
                                "off_timeout",
                                "50s",
                                "options",
                                Map.of("cipher", 3, "power_timeout", 9)),
                        "hosts",
                        Map.of(
                                "hv1",
                                Map.of("address", "192.0.2.1", "identity", GUID),
                                "hv2",
                                Map.of(
                                        "address",
                                        "192.0.2.2",
                                        "identity",
                                        "trusted",
                                        "password",
                                        "two",
                                        "options",
                                        Map.of("cipher", 17, "lanplus", false)))))
                .orElseThrow();

        assertThat(problems).isEmpty();
        assertThat(config.parallelMax()).isEqualTo(3);
        var hv1 = config.devices().get(new HostName("hv1"));
        assertThat(hv1.input("off", Optional.empty())).isEqualTo("""
            action=off
            cipher=3
            ip=192.0.2.1
            lanplus=1
            password=one
            power_timeout=9
            power_wait=0
            username=admin
            """);
        assertThat(hv1.identity()).isEqualTo(new Identity.Guid(GUID.replace("-", "")));
        assertThat(hv1.limits().off()).isEqualTo(Duration.ofSeconds(50));
        assertThat(hv1.limits().status()).isEqualTo(Duration.ofSeconds(10));
        var hv2 = config.devices().get(new HostName("hv2"));
        assertThat(hv2.input("status", Optional.empty())).isEqualTo("""
            action=status
            cipher=17
            ip=192.0.2.2
            lanplus=0
            password=two
            power_timeout=9
            power_wait=0
            username=admin
            """);
        assertThat(hv2.toString() + config).doesNotContain("two").doesNotContain("one");
    }

    @Test
    void allProblemsAreToldAtOnce() throws IOException {
        var config = read(Map.of(
                "paralel",
                3,
                "defaults",
                Map.of("identity", GUID, "off_timeout", "soon", "options", Map.of("action", "reboot", "b c", "x")),
                "hosts",
                Map.of(
                        "hv1", Map.of("agent", "fence_nonesuch", "identity", "0000000000000000"),
                        "hv2", Map.of("agent", agent("fence_ipmilan")),
                        "hv3", Map.of("agent", agent("fence_apc"), "identity", GUID),
                        "hv4", Map.of("agent", "../evil", "address", "a\nb"))));

        assertThat(config).isEmpty();
        assertThat(problems)
                .anyMatch(p -> p.startsWith("fencing.paralel is not a known key; known are defaults, hosts, parallel"))
                .anyMatch(p -> p.startsWith("fencing.defaults.identity belongs to one host"))
                .anyMatch(p -> p.startsWith("fencing.defaults.off_timeout must be a time such as"))
                .anyMatch(p -> p.startsWith("fencing.defaults.options.action must not be among the options"))
                .anyMatch(p -> p.startsWith("fencing.defaults.options.b c is no name of an option"))
                .anyMatch(p -> p.startsWith("fencing.hosts.hv1.agent names /usr/sbin/fence_nonesuch, which is not"))
                .anyMatch(p -> p.startsWith("fencing.hosts.hv1.identity must be a UUID"))
                .anyMatch(p -> p.startsWith("fencing.hosts.hv2.address is missing"))
                .anyMatch(p -> p.startsWith("fencing.hosts.hv2.password is missing"))
                .anyMatch(p -> p.startsWith("fencing.hosts.hv3.identity must be 'trusted' for agent fence_apc"))
                .anyMatch(p -> p.startsWith("fencing.hosts.hv4.agent must be the name of a fence agent"))
                .anyMatch(p -> p.startsWith("fencing.hosts.hv4.address must not contain control characters"));
    }

    @Test
    void anIdentityIsDemandedBecauseWithoutItAnAnswerProvesNothing() throws IOException {
        read(Map.of("hosts", Map.of("hv1", Map.of("agent", agent("fence_redfish")))));

        assertThat(problems).singleElement().asString().contains("identity is missing", "raw 0x06 0x37", "'trusted'");
    }

    @Test
    void aLineCopiedFromOneHostToTheNextIsFound() throws IOException {
        var host = Map.of("agent", agent("fence_ipmilan"), "address", "192.0.2.1", "identity", GUID, "password", "p");

        read(Map.of("hosts", Map.of("hv1", host, "hv2", host)));

        assertThat(problems)
                .containsExactlyInAnyOrder(
                        "fencing.hosts.hv2 has the same address, port and plug as hosts.hv1",
                        "fencing.hosts.hv2 has the same identity as hosts.hv1");
    }

    @Test
    void aPasswordFileMustBeClosedToEverybody() throws IOException {
        var file = Files.writeString(directory.resolve("bmc.password"), "from file\n");
        var host = Map.of(
                "agent",
                agent("fence_ipmilan"),
                "address",
                "192.0.2.1",
                "identity",
                GUID,
                "password_file",
                file.toString());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(read(Map.of("hosts", Map.of("hv1", host)))).isEmpty();
        assertThat(problems).anyMatch(p -> p.contains("everybody may read; run: chmod o-rwx " + file));

        problems.clear();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-----w-"));
        assertThat(read(Map.of("hosts", Map.of("hv1", host)))).isEmpty();
        assertThat(problems).anyMatch(p -> p.contains("everybody may change; run: chmod o-rwx " + file));

        problems.clear();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        var config = read(Map.of("hosts", Map.of("hv1", host))).orElseThrow();
        assertThat(config.devices().get(new HostName("hv1")).input("off", Optional.empty()))
                .contains("\npassword=from file\n");
    }

    @Test
    void noFencingAtAllIsAConfigurationToo() {
        assertThat(read(Map.of()).orElseThrow().hosts()).isEmpty();
        assertThat(problems).isEmpty();
    }
}
