package io.vmha.recovery.openstack;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.config.Section;
import io.vmha.recovery.openstack.OpenStackConfig.EndpointInterface;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OpenStackConfigTest {
    private final List<String> problems = new ArrayList<>();

    private Optional<OpenStackConfig> read(Map<String, ?> section) {
        return OpenStackConfig.read(new Section("openstack", section, problems));
    }

    @Test
    void theStandardsAreThoseOfEveryInstallation() {
        var config = read(Map.of(
                        "auth_url", "https://keystone.example.org:5000/v3",
                        "username", "vmha",
                        "password", "s3cret",
                        "project", "service",
                        "interface", "internal",
                        "request_timeout", "7s"))
                .orElseThrow();

        assertThat(problems).isEmpty();
        assertThat(config.login().user().domain()).isEqualTo("Default");
        assertThat(config.endpointInterface()).isEqualTo(EndpointInterface.INTERNAL);
        assertThat(config.limits().request()).isEqualTo(Duration.ofSeconds(7));
        assertThat(config.toString()).doesNotContain("s3cret");
    }

    @Test
    void allProblemsAreToldAtOnce() {
        assertThat(read(Map.of(
                        "auth_url", "keystone:5000",
                        "user_name", "vmha",
                        "interface", "inside",
                        "call_timeout", "1s",
                        "connect_timeout", "5")))
                .isEmpty();

        assertThat(problems)
                .anyMatch(p -> p.startsWith("openstack.auth_url is refused: auth_url must be an http or https address"))
                .anyMatch(p -> p.equals("openstack.username is missing"))
                .anyMatch(p -> p.equals("openstack.password is missing; set it, or password_file"))
                .anyMatch(p -> p.equals("openstack.project is missing"))
                .anyMatch(p -> p.startsWith("openstack.user_name is not a known key; known are auth_url, ca_file"))
                .anyMatch(p -> p.startsWith("openstack.interface must be one of public, internal, admin but is"))
                .anyMatch(p -> p.startsWith("openstack.call_timeout must not be shorter than request_timeout"))
                .anyMatch(p -> p.startsWith("openstack.connect_timeout must be a time such as"))
                .hasSize(8);
    }
}
