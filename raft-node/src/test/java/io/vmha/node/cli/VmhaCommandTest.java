package io.vmha.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.documents.RecordedRequests;
import io.vmha.node.documents.Samples;
import io.vmha.node.rpc.AdminServer;
import io.vmha.node.view.Backups;
import io.vmha.node.view.NodeView;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line against a real gRPC server: what it prints and how it ends. */
class VmhaCommandTest {
    private final RecordedRequests requests = new RecordedRequests();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private volatile NodeView view = Samples.quiet();
    private AdminServer server;

    @BeforeEach
    void start() throws IOException {
        server = new AdminServer(
                InetAddress.getLoopbackAddress(), 0, () -> view, requests, Backups.NONE, Optional.empty());
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private int vmha(String... args) {
        return vmhaAt("127.0.0.1:" + server.port(), args);
    }

    private int vmhaAt(String address, String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        var all = new ArrayList<>(List.of(args));
        all.add("--address");
        all.add(address);
        return VmhaCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(new String[0]));
    }

    @Test
    void leaderPrintsOneSentenceAndTellsTheShell() {
        assertThat(vmha("leader")).isZero();
        assertThat(out).hasToString("hv-2 (10.0.0.2:8300), term 7\n");

        view = Samples.leaderless();

        assertThat(vmha("leader")).isEqualTo(3);
        assertThat(out)
                .hasToString("no leader: only 1 of 3 voters are alive in the pool and 2 are needed: bring back hv-2,"
                        + " hv-3\n");
        assertThat(vmha("leader", "--consistent")).isZero();
        requests.consistentlySee(CompletableFuture.failedFuture(new IllegalStateException("nobody leads")));
        assertThat(vmha("leader", "--consistent")).isEqualTo(3);
        assertThat(err.toString()).contains("No cluster leader");
    }

    @Test
    void everyVerbExplainsItself() {
        assertThat(vmha("az", "--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: vmha az ").contains("Puts an AZ under protection");
        assertThat(vmha("incidents", "approve", "--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: vmha incidents approve ");
    }

    @Test
    void aNumberThatIsNoneIsNamedInTheOperatorsWords() {
        assertThat(vmha("incidents", "show", "seven")).isEqualTo(2);

        assertThat(err.toString())
                .contains("(ID)", "expected a whole number but found 'seven'", "; see vmha incidents show --help")
                .hasLineCount(1);
    }

    @Test
    void wrongUsageIsOneLineThatSaysWhatToDo() {
        for (var wrong : Map.of(
                        "foo", "there is no verb foo; see vmha --help",
                        "statsu", "there is no verb statsu; did you mean status? See vmha --help",
                        "az drill nope", "there is no verb drill; see vmha az --help",
                        "host --frce", "there is no option --frce",
                        "az show az1 az2",
                                "vmha az show takes nothing more, but there is 'az2'; see vmha az show --help",
                        "host drain", "Missing required parameter: 'HOST'; see vmha host drain --help",
                        "host maintenance hv-1 maybe", "expected one of [on, off]")
                .entrySet()) {
            assertThat(vmha(wrong.getKey().split(" "))).as(wrong.getKey()).isEqualTo(2);
            assertThat(err.toString())
                    .as(wrong.getKey())
                    .contains(wrong.getValue())
                    .hasLineCount(1);
        }
        assertThat(vmha()).isEqualTo(2);
        assertThat(err.toString()).startsWith("which verb?").contains("Usage: vmha");
    }

    @Test
    void namesThatNoHostCanHaveAreNotEchoed() {
        assertThat(vmha("host", "drain", "x".repeat(5_000))).isEqualTo(2);
        assertThat(err).hasToString("a name has 1 to 255 characters but this one has 5000\n");
        assertThat(vmha("host", "")).isEqualTo(2);
        assertThat(err).hasToString("a name has 1 to 255 characters but this one is empty\n");
        assertThat(requests.asked()).isEmpty();
    }

    @Test
    void adviceIsInTheWordsOfThisCommand() {
        assertThat(vmha("az", "show", "az9")).isEqualTo(1);
        assertThat(err).hasToString("there is no AZ az9 here; see vmha az\n");
        assertThat(vmha("host", "nobody")).isEqualTo(1);
        assertThat(err).hasToString("there is no host nobody here; see vmha status\n");
    }

    @Test
    void jsonIsTheDaemonsDocument() {
        assertThat(vmha("leader", "--json")).isZero();
        assertThat(out.toString())
                .startsWith("{\"leader\":{\"host\":\"hv-2\",\"address\":\"10.0.0.2:8300\"},\"term\":7,")
                .endsWith("}\n");

        view = Samples.alone();

        assertThat(vmha("--json", "leader")).isEqualTo(3);
        assertThat(out.toString()).contains("\"leader\":null").contains("\"reason\":");
        assertThat(vmha("az", "list", "--json")).isZero();
        assertThat(out).hasToString("[]\n");
        assertThat(vmha("az", "show", "az9", "--json")).isEqualTo(1);
        assertThat(out).hasToString("{\"error\":\"there is no AZ az9 here; see /v1/ha, or vmha az\"}\n");
    }

    @Test
    void membersAreAligned() {
        view = Samples.recovering();

        assertThat(vmha("members")).isZero();

        assertThat(out.toString().lines().toList())
                .startsWith(
                        "NAME  ADDRESS        STATUS  RAFT    TAGS",
                        "hv-1  10.0.0.1:8301  alive   voter   az=az1 dc=dc1",
                        "hv-2  10.0.0.2:8301  alive   leader  az=az1 dc=dc1",
                        "hv-3  10.0.0.3:8301  failed  voter   az=az1 dc=dc1");
    }

    @Test
    void statusShowsEverythingOnOneScreen() {
        view = Samples.held();

        assertThat(vmha("status")).isZero();

        assertThat(out.toString().lines().toList())
                .contains(
                        "leader      hv-2 (10.0.0.2:8300), term 7",
                        "this node   hv-1 (10.0.0.1), follower",
                        "pool        4 of 5 members alive",
                        "protection  az1: armed",
                        "            7 held (hv-3): 3 of 5 hosts are lost and the limit is 49 %; a person must approve"
                                + " (vmha incidents approve 7)",
                        "HOST  STATUS       AGENT   RAFT    EPOCH  ADDRESS   UPKEEP",
                        "hv-3  in recovery  failed  voter   1      10.0.0.3  -");
        view = Samples.alone();
        assertThat(vmha("status")).isEqualTo(3);
        assertThat(out.toString()).contains("none: enable it with vmha az enable AZ");
    }

    @Test
    void anAzIsListedShownAndChanged() {
        assertThat(vmha("az")).isZero();
        assertThat(out.toString().lines().toList())
                .containsExactly("AZ   PROTECTION  HOSTS  LEADER  OPEN INCIDENTS", "az1  armed       5      hv-2    0");
        assertThat(vmha("az", "show", "az1")).isZero();
        assertThat(out.toString()).contains("disks       shared by all hosts, as configured; not proven\n");
        assertThat(out.toString())
                .contains("limits      at most 4 hosts of one incident, and 49 % of the AZ, without a person");
        for (String change : List.of("enable", "disable", "arm", "disarm")) {
            assertThat(vmha("az", change, "az 1")).isZero();
            assertThat(out).hasToString("done\n");
        }
        assertThat(requests.asked()).containsExactly("enable az 1", "disable az 1", "arm az 1", "disarm az 1");
    }

    @Test
    void refusalsGoToStandardErrorWithTheirReason() {
        requests.answerWith(400, "AZ az1 has 2 hosts and at least 3 are needed");

        assertThat(vmha("az", "enable", "az1")).isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        assertThat(err).hasToString("AZ az1 has 2 hosts and at least 3 are needed\n");

        requests.answerWith(503, "no leader: try again when there is one");
        assertThat(vmha("az", "enable", "az1")).isEqualTo(3);
    }

    @Test
    void incidentsAreListedShownAndDecided() {
        view = Samples.recovering();

        assertThat(vmha("incidents")).isZero();
        assertThat(out.toString().lines().toList())
                .containsExactly(
                        "ID  PHASE  OPENED                HOSTS  RECOVERED  LEFT  FAILED  UNDER WAY  LAST VM",
                        "7   open   2026-11-22T10:00:00Z  hv-3   1          1     1       3          31.0 s");
        assertThat(vmha("incidents", "show", "7")).isZero();
        assertThat(out.toString())
                .contains(
                        "certificate 1.9 s, confirmed 2.1 s, forced down 2.4 s, planned 2.6 s, first evacuate call 3.5"
                                + " s,")
                .contains("POWER_OFF: fence_ipmilan: Chassis Power is off")
                .containsPattern("db-1 +recovered +1 +on hv-1 +11111111");
        assertThat(vmha("incidents", "approve", "7", "--person", "Ada \"L\"")).isZero();
        assertThat(vmha("incidents", "cancel", "7")).isZero();
        assertThat(requests.asked()).hasSize(2).startsWith("approve 7 by Ada \"L\"");
        assertThat(vmha("incidents", "show", "9")).isEqualTo(1);
    }

    @Test
    void explainShowsTheRuleOfEveryStep() {
        view = Samples.held();

        assertThat(vmha("explain", "incident", "7")).isZero();
        assertThat(out.toString())
                .contains("waits for   3 of 5 hosts are lost and the limit is 49 %; a person must approve")
                .containsPattern("limits +held +S8 +3 of 5")
                .containsPattern("0\\.0 s +41 +declared dead: hv-3");
        assertThat(vmha("explain", "host", "hv-5")).isZero();
        assertThat(out.toString()).contains("in maintenance: it is never declared dead");
        assertThat(vmha("explain", "host", "nobody")).isEqualTo(1);
    }

    @Test
    void aReserveThatIsInUseIsNeverSilentAboutIt() {
        view = Samples.reserveInUse();
        String standing = "hv-4 stands in for hv-3 since incident 7: it is given back when hv-3, which is down,"
                + " is in service again";

        assertThat(vmha("status")).isZero();
        assertThat(out.toString()).contains("reserved    " + standing + "\n");
        assertThat(vmha("az", "show", "az1")).isZero();
        assertThat(out.toString()).contains("reserved    " + standing + "\n");
        for (String host : List.of("hv-3", "hv-4")) {
            assertThat(vmha("explain", "host", host)).isZero();
            assertThat(out.toString()).as(host).contains("stands in for hv-3 since incident 7: it is given back when");
        }
    }

    @Test
    void aDrainIsFollowedToItsEndAndAVmIsExplained() {
        view = Samples.tended();
        assertThat(vmha("status")).isZero();
        assertThat(out.toString()).containsPattern("hv-1 +in service .* drained\\R");

        requests.consistentlySee(CompletableFuture.completedFuture(view));

        assertThat(vmha("host", "drain", "hv-1", "--person", "ada")).isZero();
        assertThat(out.toString())
                .contains("done\n", "db  moved: hv-3\n")
                .endsWith("hv-1 is drained: 1 of 1 VMs moved\n");
        assertThat(requests.asked().get(0)).isEqualTo("drain hv-1 by ada, 2 at a time");

        assertThat(vmha("host", "drain", "hv-1", "--undo", "--no-wait", "--person", "ada"))
                .isZero();
        assertThat(requests.asked()).endsWith("undrain hv-1 by ada");

        assertThat(vmha("host", "drain", "hv-1", "--json", "--person", "ada")).isZero();
        assertThat(out.toString())
                .startsWith("{\"host\":\"hv-1\",\"phase\":\"drained\"")
                .hasLineCount(1);

        assertThat(vmha("vm")).isZero();
        assertThat(out.toString()).contains("db", "running", "it runs again on hv-1");
        assertThat(vmha("explain", "vm", "7d2c1a90-0000-4000-8000-000000000077"))
                .isZero();
        assertThat(out.toString())
                .contains(
                        "shut off (crashed)",
                        "restart 1 of at most 3",
                        "it was restarted in place and runs",
                        "moved hv-3");
        assertThat(vmha("explain", "vm", "db")).isZero();
        assertThat(out.toString()).contains("db 7d2c1a90-0000-4000-8000-000000000077", "moved hv-3");
        assertThat(vmha("explain", "vm", "nobody")).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("no VM with the id or name nobody is in the incidents, restarts and drains")
                .doesNotContain("nothing has happened");
        assertThat(vmha("explain", "host", "hv-2")).isZero();
        assertThat(out.toString()).contains("its nova-compute is down");
        assertThat(vmha("drill")).isZero();
        assertThat(out.toString()).contains("no drills");
        assertThat(vmha("drill", "run", "hv-1", "--canary", "vm-9", "--yes-i-know", "--person", "ada"))
                .isZero();
        assertThat(requests.asked()).endsWith("drill hv-1 with vm-9 by ada");
    }

    @Test
    void maintenanceIsSwitched() {
        assertThat(vmha("host", "maintenance", "hv-1", "on")).isZero();
        assertThat(vmha("host", "maintenance", "hv-1", "off")).isZero();

        assertThat(requests.asked()).containsExactly("maintenance hv-1 true", "maintenance hv-1 false");
    }

    @Test
    void hostSaysItsLeaseItsEpochAndWhyItIsNotArmed() {
        assertThat(vmha("host")).isZero();
        assertThat(out.toString()).contains("ARMED").contains("it has not reported a guard yet");

        assertThat(vmha("host", "hv-1")).isZero();
        assertThat(out.toString())
                .contains("holds for 4200 ms more, in epoch 1")
                .contains("bmc,lease")
                .contains("armed (guard); 3 VMs run, 0 paused");
        assertThat(vmha("host", "hv-2")).isZero();
        assertThat(out.toString()).contains("ask the host itself");
        view = Samples.withoutGuard();
        assertThat(vmha("host", "hv-1")).isZero();
        assertThat(out.toString()).contains("not armed, nor needed: its AZ does not rely on leases\n");
    }

    @Test
    void wordThatAHostIsDownIsAskedForAfterItsSeal() {
        InputStream before = System.in;
        try {
            types("yes\n");
            assertThat(vmha("host", "confirm-down", "hv-3", "--person", "ada")).isEqualTo(1);
            assertThat(err.toString()).contains("nothing was done");
            assertThat(requests.asked()).isEmpty();

            types("hv-3\nno\n");
            assertThat(vmha("host", "confirm-down", "hv-3", "--person", "ada")).isEqualTo(1);
            assertThat(out.toString())
                    .contains("Step 1 of 2", "both copies write to one disk", "look at the machine now");
            assertThat(err.toString()).contains("it stays sealed");
            assertThat(requests.asked()).containsExactly("seal hv-3 by ada");

            types("hv-3\nhv-3\n");
            assertThat(vmha("host", "confirm-down", "hv-3", "--person", "ada")).isZero();
            assertThat(requests.asked())
                    .containsExactly("seal hv-3 by ada", "seal hv-3 by ada", "confirm-down hv-3 by ada");
        } finally {
            System.setIn(before);
        }
    }

    private static void types(String lines) {
        System.setIn(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void scriptsSealAndConfirmInTwoCalls() {
        assertThat(vmha("host", "seal", "hv-3", "--person", "grace")).isZero();
        assertThat(vmha("host", "confirm-down", "hv-3", "--person", "grace", "--yes-i-know"))
                .isZero();

        assertThat(requests.asked()).containsExactly("seal hv-3 by grace", "confirm-down hv-3 by grace");
    }

    @Test
    void aBackupWithoutAGroupEndsAsEverythingElseThatNeedsOne(@TempDir Path dir) {
        assertThat(vmha("snapshot", "save", dir.resolve("x").toString())).isEqualTo(3);

        assertThat(err.toString()).contains("this host is in no group");
        assertThat(dir.resolve("x")).doesNotExist();
    }

    @Test
    void restartsTakeTheirTurn() {
        assertThat(vmha("turn", "take")).isZero();
        requests.answerWith(409, "it is the turn of hv-2");
        assertThat(vmha("turn", "take")).isEqualTo(1);
        requests.answerWith(200, "over");
        assertThat(vmha("turn", "end")).isZero();

        assertThat(requests.asked()).containsExactly("take turn", "take turn", "end turn");
    }

    @Test
    void aDrainThatLeavesVmsFailsInJsonToo() {
        view = Samples.drainedInVain();
        requests.consistentlySee(CompletableFuture.completedFuture(view));

        assertThat(vmha("host", "drain", "hv-1", "--person", "ada")).isEqualTo(1);
        assertThat(vmha("host", "drain", "hv-1", "--json", "--person", "ada")).isEqualTo(1);

        assertThat(Document.parse(out.toString()).text("left")).isEqualTo("1");
        assertThat(out.toString()).hasLineCount(1);
        assertThat(err).hasToString("");
    }

    @Test
    void vmsThatStayFailADrainAndNotItsUndoing() {
        Document undone = Document.parse("{\"phase\":\"undone\",\"left\":2}");

        assertThat(DrainVerb.ending(undone, true)).isEqualTo(ExitCode.OK);
        assertThat(DrainVerb.ending(undone, false)).isEqualTo(ExitCode.REFUSED);
        assertThat(DrainVerb.ending(Document.parse("{\"phase\":\"drained\",\"left\":2}"), false))
                .isEqualTo(ExitCode.REFUSED);
    }

    @Test
    void whoWaitsForHisTurnIsToldWhyOnce() {
        requests.answerWith(409, "it is the turn of hv-2");

        assertThat(vmha("turn", "take", "--wait", "3", "--json")).isEqualTo(1);

        assertThat(requests.asked()).hasSizeGreaterThan(1);
        assertThat(err).hasToString("waiting: it is the turn of hv-2\n");
        assertThat(out.toString().lines()).as("one document, at the end").hasSize(1);
        assertThat(vmha("turn", "take", "--wait", "-1")).isEqualTo(2);
    }

    @Test
    void wrongUsageSaysWhatIsRight() {
        for (String[] wrong : new String[][] {
            {"nonsense"},
            {"explain"},
            {"az", "show"},
            {"incidents", "show", "x"},
            {"host", "maintenance", "hv-1", "yes"},
            {}
        }) {
            assertThat(vmha(wrong)).as(String.join(" ", wrong)).isEqualTo(2);
            assertThat(err.toString()).isNotBlank();
        }
        assertThat(vmhaAt("nowhere", "leader")).isEqualTo(2);
        assertThat(requests.asked()).isEmpty();
        assertThat(vmha("--help")).isZero();
        assertThat(out.toString()).contains("leader").contains("Exit status:");
        assertThat(vmha("--version")).isZero();
    }

    @Test
    void aDaemonThatIsNotThereIsSaidToBeSo() throws IOException {
        int free;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }

        assertThat(vmhaAt("127.0.0.1:" + free, "leader")).isEqualTo(4);

        assertThat(err.toString())
                .startsWith("vmhad does not answer at 127.0.0.1:" + free)
                .contains("Connection refused")
                .contains("systemctl status vmhad");
    }

    @Test
    void theTokenIsReadFromItsFile(@TempDir Path dir) throws IOException {
        server.close();
        server = new AdminServer(
                InetAddress.getByName("0.0.0.0"),
                0,
                () -> view,
                requests,
                Backups.NONE,
                Optional.of("0123456789abcdef"));
        server.start();
        Path token = Files.writeString(dir.resolve("token"), "0123456789abcdef\n");

        assertThat(vmha("az", "arm", "az1")).isEqualTo(1);
        assertThat(err.toString()).contains("rpc.token_file");
        assertThat(vmha("az", "arm", "az1", "--token-file", token.toString())).isZero();
    }

    @Test
    void namesCannotMoveTheCursor() {
        assertThat(Document.parse("{\"name\":\"a\\u001b[2Jb\\u202ec\"}").text("name"))
                .isEqualTo("a?[2Jb?c");
    }

    @Test
    void votersAreListedHandedOverAndRemoved() {
        assertThat(vmha("raft", "peers")).isZero();
        assertThat(out.toString())
                .contains(
                        "HOST", "APPLIED", "STATE", "feature level 1 of 2", "hv-2 (vmhad 0.0.9, level 1)", "closed: 4")
                .containsPattern("hv-1 +leader +alive +r1 +97 +abababababab +0\\.1\\.0 +2 +10\\.0\\.0\\.1:8300"
                        + " +hv-1@00000000000000a1")
                .containsPattern(
                        "hv-2 +voter +failed +- +- +- +0\\.0\\.9 +1 +10\\.0\\.0\\.2:8300 +hv-2@00000000000000a2");
        assertThat(vmha("raft", "peers", "--json")).isZero();
        assertThat(out.toString()).contains("\"state_sha256\":\"" + "ab".repeat(32), "\"applied_index\":97");

        assertThat(vmha("raft", "transfer", "hv-2")).isZero();
        assertThat(vmha("raft", "remove", "hv-2@00000000000000a2", "--person", "ada"))
                .isZero();
        assertThat(requests.asked()).contains("transfer to hv-2", "remove hv-2@00000000000000a2 by ada");
        assertThat(vmha("raft", "remove", "--help")).isZero();
        assertThat(out.toString()).contains("Risk:");
    }

    @Test
    void openStackThatDoesNotAnswerHasAnExitStatusOfItsOwn() {
        requests.answerWith(504, "Keystone at http://x gave no answer");

        assertThat(vmha("az", "enable", "az1")).isEqualTo(5);
        assertThat(err.toString()).contains("Keystone at http://x gave no answer");
    }
}
