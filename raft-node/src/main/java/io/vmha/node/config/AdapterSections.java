package io.vmha.node.config;

import io.vmha.recovery.config.Section;
import io.vmha.recovery.fencing.FencingConfig;
import io.vmha.recovery.openstack.OpenStackConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * The sections that the adapters of recovery read themselves. They know keys but no lines: their sentences begin with the key's dotted
 * path, and the path's line is added here.
 */
final class AdapterSections {
    private final Settings top;
    private final Map<String, Integer> lines = new TreeMap<>();
    private final Map<String, Object> values;

    AdapterSections(Settings top, MappingNode yaml) {
        this.top = top;
        this.values = plain("", yaml);
    }

    Optional<OpenStackConfig> openstack() {
        if (!top.has("openstack")) {
            top.problem("openstack", "is missing: vmhad must know where Keystone is; see vmhad.yaml.example");
        }
        return read("openstack").flatMap(section -> {
            Optional<OpenStackConfig> config = OpenStackConfig.read(section);
            report(section);
            return config;
        });
    }

    /** Without the section no host has a fence device: every dead host is then held for a person. */
    Optional<FencingConfig> fencing() {
        if (!top.has("fencing")) {
            return Optional.of(FencingConfig.none());
        }
        return read("fencing").flatMap(section -> {
            Optional<FencingConfig> config = FencingConfig.read(section);
            report(section);
            return config;
        });
    }

    /** A password in the file itself is as open as the file is. */
    void refuseOpenSecrets() {
        var inline = new TreeSet<String>();
        lines.keySet().stream()
                .filter(path ->
                        path.equals("gossip.keys") || path.matches("(openstack|fencing)\\.(.*\\.)?(password|passwd)"))
                .forEach(inline::add);
        if (!inline.isEmpty() && SecretFile.isOpenToEverybody(top.problems().file())) {
            String path = inline.first();
            top.problems()
                    .add(
                            lines.get(path),
                            path + " is a secret but everybody may read this file; run: chmod o-rwx "
                                    + top.problems().file());
        }
    }

    private Optional<Section> read(String name) {
        if (!top.has(name)) {
            return Optional.empty();
        }
        if (values.get(name) instanceof Map<?, ?> map) {
            return Optional.of(new Section(name, map, new ArrayList<>()));
        }
        top.problem(name, "must be a mapping of keys to values");
        return Optional.empty();
    }

    private void report(Section section) {
        for (String sentence : section.problems()) {
            int end = sentence.indexOf(' ');
            top.problems().add(lineOf(end < 0 ? sentence : sentence.substring(0, end)), sentence);
        }
    }

    /** The line of the path; of the nearest mapping above it if the key is absent. */
    private int lineOf(String path) {
        for (String p = path; ; p = p.substring(0, p.lastIndexOf('.'))) {
            if (lines.containsKey(p)) {
                return lines.get(p);
            }
            if (p.indexOf('.') < 0) {
                return 0;
            }
        }
    }

    private Map<String, Object> plain(String path, MappingNode mapping) {
        var map = new LinkedHashMap<String, Object>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (tuple.getKeyNode() instanceof ScalarNode key) {
                String name = path.isEmpty() ? key.getValue() : path + "." + key.getValue();
                lines.putIfAbsent(name, YamlFile.line(tuple.getKeyNode()));
                if (map.containsKey(key.getValue())) {
                    if (path.startsWith("openstack") || path.startsWith("fencing")) {
                        top.problems().add(YamlFile.line(key), name + " is set a second time; remove one of them");
                    }
                } else {
                    map.put(key.getValue(), plain(name, tuple.getValueNode()));
                }
            }
        }
        return Collections.unmodifiableMap(map);
    }

    private Object plain(String path, Node node) {
        if (node instanceof MappingNode mapping) {
            return plain(path, mapping);
        }
        if (node instanceof SequenceNode sequence) {
            List<Object> list = new ArrayList<>();
            sequence.getValue().forEach(item -> list.add(plain(path, item)));
            return list;
        }
        var scalar = (ScalarNode) node;
        return scalar.getTag().equals(Tag.NULL) ? "" : scalar.getValue();
    }
}
