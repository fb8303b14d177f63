package io.vmha.tidy;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may know whom: the rooms of ARCHITECTURE.md, as far as the compiler and the build do not hold them already. */
class BordersTest {
    private static final String[] GENERATED = {"io.vmha.proto.."};
    private static final String[] CORE = {
        "io.vmha.gossip.wire..",
        "io.vmha.gossip.memberlist..",
        "io.vmha.gossip.serf..",
        "io.vmha.gossip.rpc..",
        "io.vmha.gossip.observe..",
        "io.vmha.recovery.core..",
        "io.vmha.recovery.membership..",
        "io.vmha.node.kv.."
    };
    /** Values and arithmetic of the JDK. What reads clocks, sockets, files or random sources is refused by name in .mvn/forbidden/core.txt. */
    private static final String[] JDK = {
        "java.lang..",
        "java.util..",
        "java.math..",
        "java.nio",
        "java.nio.charset..",
        "java.io",
        "java.net",
        "java.time..",
        "java.text..",
        "java.security..",
        "javax.crypto.."
    };

    private static final JavaClasses OURS = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.vmha");

    @Test
    void packagesPointOneWay() {
        check(slices().matching("io.vmha.(**)")
                .should()
                .beFreeOfCycles()
                .ignoreDependency(resideInAnyPackage(GENERATED), resideInAnyPackage(GENERATED)));
    }

    @Test
    void gossipKnowsNothingElseOfOurs() {
        check(noClasses()
                .that()
                .resideInAPackage("io.vmha.gossip..")
                .should()
                .dependOnClassesThat(resideInAPackage("io.vmha..")
                        .and(resideInAPackage("io.vmha.gossip..").negate())));
    }

    @Test
    void recoveryKnowsNothingElseOfOurs() {
        check(noClasses()
                .that()
                .resideInAPackage("io.vmha.recovery..")
                .should()
                .dependOnClassesThat(resideInAPackage("io.vmha..")
                        .and(resideInAPackage("io.vmha.recovery..").negate())));
    }

    @Test
    void theCodecDependsOnValuesOnly() {
        coreDependsOn("io.vmha.gossip.wire..", "org.msgpack..", "com.google.re2j..");
    }

    @Test
    void memberlistDependsOnTheCodecOnly() {
        coreDependsOn("io.vmha.gossip.memberlist..", "io.vmha.gossip.wire..");
    }

    @Test
    void serfDependsOnMemberlistOnly() {
        coreDependsOn("io.vmha.gossip.serf..", "io.vmha.gossip.memberlist..", "io.vmha.gossip.wire..");
    }

    @Test
    void serfRpcDependsOnSerfOnly() {
        coreDependsOn("io.vmha.gossip.rpc..", "io.vmha.gossip.serf..", "io.vmha.gossip.wire..");
    }

    @Test
    void theObservationDependsOnValuesOnly() {
        coreDependsOn("io.vmha.gossip.observe..");
    }

    @Test
    void recoveryCoreDependsOnValuesOnly() {
        coreDependsOn("io.vmha.recovery.core..");
    }

    @Test
    void membershipDependsOnRecoveryCoreOnly() {
        coreDependsOn("io.vmha.recovery.membership..", "io.vmha.recovery.core..");
    }

    @Test
    void keysAndSessionsDependOnValuesOnly() {
        coreDependsOn("io.vmha.node.kv..");
    }

    @Test
    void coresTakeNoLocks() {
        check(methods()
                .that()
                .areDeclaredInClassesThat()
                .resideInAnyPackage(CORE)
                .should()
                .notHaveModifier(JavaModifier.SYNCHRONIZED));
    }

    @Test
    void onlyOneRoomKnowsEachLibrary() {
        onlyIn("org.apache.ratis..", "io.vmha.node.raft..");
        onlyIn("org.openstack4j..", "io.vmha.recovery.openstack..");
        onlyIn("org.msgpack..", "io.vmha.gossip.wire..", "io.vmha.node.serfrpc..");
        onlyIn("com.google.re2j..", "io.vmha.gossip.wire..");
        onlyIn("org.snakeyaml.engine..", "io.vmha.node.config..");
        onlyIn("com.sun.net.httpserver..", "io.vmha.node.http..", "io.vmha.testcluster..");
    }

    @Test
    void theCommandLineKnowsTheProtocolOnly() {
        check(noClasses()
                .that()
                .resideInAPackage("io.vmha.node.cli..")
                .should()
                .dependOnClassesThat(resideInAPackage("io.vmha..")
                        .and(resideInAnyPackage("io.vmha.node.cli..", "io.vmha.proto..")
                                .negate())));
    }

    private static void coreDependsOn(String core, String... others) {
        String[] allowed = Stream.of(Stream.of(core), Arrays.stream(others), Arrays.stream(JDK))
                .flatMap(s -> s)
                .toArray(String[]::new);
        check(classes()
                .that()
                .resideInAPackage(core)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed));
    }

    private static void onlyIn(String library, String... rooms) {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(rooms)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library));
    }

    private static void check(ArchRule rule) {
        rule.check(OURS);
    }
}
