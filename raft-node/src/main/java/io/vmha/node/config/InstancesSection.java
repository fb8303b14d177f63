package io.vmha.node.config;

import io.vmha.node.config.VmhadConfig.Instances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What this host's instances lie on: {@code recovery.instances_path}, else what nova-compute's own configuration says. */
final class InstancesSection {
    private InstancesSection() {}

    /** Empty if neither says anything: nothing is proven then, and the operator's word is needed. */
    static Optional<Instances> read(Settings top, Settings recovery) {
        Optional<Path> configured = recovery.file("instances_path");
        if (configured.isPresent()) {
            return configured.map(InstancesSection::directory);
        }
        Path novaConf = top.file("nova_conf").orElse(Path.of("/etc/nova/nova.conf"));
        if (!Files.isReadable(novaConf)) {
            return Optional.empty();
        }
        try {
            NovaConf nova = NovaConf.read(novaConf);
            return Optional.of(nova.imagesType().equals("rbd") ? rbd(nova) : directory(Path.of(nova.instancesPath())));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty(); // who this host is was read from it as well, and has said what is wrong with it
        }
    }

    private static Instances directory(Path path) {
        return new Instances("file:" + path, Optional.of(path));
    }

    /** Two hosts share an image backend if it is the same pool of the same Ceph cluster. */
    private static Instances rbd(NovaConf nova) throws IOException {
        String cluster = NovaConf.read(Path.of(nova.cephConf())).fsid().orElse("unknown of " + nova.cephConf());
        return new Instances("rbd:" + cluster + "/" + nova.rbdPool(), Optional.empty());
    }
}
