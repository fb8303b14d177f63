package io.vmha.node.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The few options of nova-compute's own configuration that tell who this host is. Read as oslo.config reads it: sections, {@code $name}. */
final class NovaConf {
    private static final long BYTES_MAX = 4L * 1024 * 1024;
    private static final int SUBSTITUTIONS_MAX = 8;
    private static final int VALUE_LENGTH_MAX = 1024;
    private static final Pattern SECTION = Pattern.compile("\\[([^\\]]+)]\\s*");
    private static final Pattern OPTION = Pattern.compile("([^\\s=:]+)\\s*[=:]\\s*(.*)");
    private static final Pattern REFERENCE = Pattern.compile("\\$(?:\\{(\\w+)}|(\\w+))");

    private final Map<String, String> options;

    private NovaConf(Map<String, String> options) {
        this.options = options;
    }

    /**
     * Reads the file.
     *
     * @throws IOException if it is not there, too large or unreadable
     */
    static NovaConf read(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException("it is larger than " + BYTES_MAX + " bytes");
        }
        return parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    }

    static NovaConf parse(String text) {
        var options = new TreeMap<String, String>();
        String section = "DEFAULT";
        for (String line : text.lines().toList()) {
            Matcher header = SECTION.matcher(line);
            Matcher option = OPTION.matcher(line);
            if (header.matches()) {
                section = header.group(1);
            } else if (!line.startsWith("#") && !line.startsWith(";") && option.matches()) {
                options.put(
                        section + "/" + option.group(1),
                        unquoted(option.group(2).strip()));
            }
        }
        options.putIfAbsent("DEFAULT/state_path", "/var/lib/nova"); // as Debian's nova-common has it
        return new NovaConf(options);
    }

    /** {@code [DEFAULT] instances_path}. */
    String instancesPath() {
        return option("DEFAULT", "instances_path")
                .orElseGet(() -> option("DEFAULT", "state_path").orElseThrow() + "/instances");
    }

    /** {@code [libvirt] images_type}, such as {@code rbd}. */
    String imagesType() {
        return option("libvirt", "images_type").orElse("default");
    }

    String rbdPool() {
        return option("libvirt", "images_rbd_pool").orElse("rbd");
    }

    String cephConf() {
        return option("libvirt", "images_rbd_ceph_conf").orElse("/etc/ceph/ceph.conf");
    }

    /** Of a Ceph configuration, which is written alike: {@code [global] fsid}. */
    Optional<String> fsid() {
        return option("global", "fsid");
    }

    /** {@code [DEFAULT] host}, the name of this host's compute service. */
    Optional<String> host() {
        return option("DEFAULT", "host");
    }

    /** {@code [vnc] server_proxyclient_address}, else its name before Ocata, else {@code [DEFAULT] my_ip}. */
    Optional<String> clusterIp() {
        return option("vnc", "server_proxyclient_address")
                .or(() -> option("vnc", "vncserver_proxyclient_address"))
                .or(() -> option("DEFAULT", "vncserver_proxyclient_address"))
                .or(() -> option("DEFAULT", "my_ip"));
    }

    private Optional<String> option(String section, String name) {
        String value = options.getOrDefault(section + "/" + name, "");
        for (int i = 0; i < SUBSTITUTIONS_MAX && value.length() <= VALUE_LENGTH_MAX; i++) {
            value = REFERENCE
                    .matcher(value)
                    .replaceAll(found -> Matcher.quoteReplacement(options.getOrDefault(
                            "DEFAULT/" + (found.group(1) != null ? found.group(1) : found.group(2)), "")));
        }
        return value.isBlank() || value.length() > VALUE_LENGTH_MAX ? Optional.empty() : Optional.of(value);
    }

    private static String unquoted(String value) {
        char first = value.isEmpty() ? ' ' : value.charAt(0);
        boolean quoted =
                value.length() > 1 && (first == '"' || first == '\'') && value.charAt(value.length() - 1) == first;
        return quoted ? value.substring(1, value.length() - 1) : value;
    }
}
