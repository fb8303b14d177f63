package io.vmha.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class VoterStepTest {
    @Test
    void groupGrowsOneByOneToThreeAndThenByTwo() {
        assertThat(walk("a", "abcde", "a")).containsExactly("ab", "abc", "abcde");
    }

    @Test
    void deadVoterGoesWithTheStepThatBringsItsSuccessor() {
        assertThat(walk("abc", "abd", "a")).containsExactly("abd");
        assertThat(walk("abcde", "abcfg", "a")).last().isEqualTo("abcfg");
    }

    @Test
    void groupShrinksWithoutRemovingItsLeader() {
        assertThat(walk("abcde", "abc", "a")).containsExactly("abc");
        assertThat(walk("abcde", "bcd", "a")).containsExactly("abcd", "hand over to b");
    }

    @Test
    void oneOfTwoIsReplacedByWayOfThree() {
        assertThat(walk("ab", "ac", "a")).containsExactly("abc", "ac");
    }

    @Test
    void lonelyLeaderHasNoHeir() {
        VoterStep.Step step = VoterStep.next(peers("a"), peers("b"), id('a'));

        assertThat(step.kind()).isEqualTo(VoterChange.CHANGE);
        assertThat(names(step.voters())).isEqualTo("ab");
    }

    @Test
    void everyStepKeepsMoreThanItBringsAndArrives() {
        for (String from : List.of("a", "ab", "abc", "abcd", "abcde")) {
            for (String to : List.of("a", "abc", "abcde", "afg", "afghi", "acd", "abf", "fgh", "bcdef")) {
                List<String> steps = walk(from, to, "a");
                assertThat(steps).as(from + " to " + to).hasSizeLessThan(10);
                String last = steps.isEmpty() ? from : steps.get(steps.size() - 1);
                assertThat(last).as(from + " to " + to).matches(to.contains("a") ? to : "hand over to .*");
            }
        }
    }

    /** The steps from one set of voters to another, with Ratis' rule checked at each. */
    private static List<String> walk(String from, String to, String leader) {
        List<String> steps = new ArrayList<>();
        List<PeerInfo> current = peers(from);
        while (steps.size() < 10) {
            VoterStep.Step step = VoterStep.next(current, peers(to), id(leader.charAt(0)));
            switch (step.kind()) {
                case NOTHING -> {
                    return steps;
                }
                case HAND_OVER -> {
                    steps.add("hand over to " + names(step.heir().stream().toList()));
                    return steps;
                }
                case CHANGE -> {
                    checkMajorityKept(current, step.voters());
                    current = step.voters();
                    steps.add(names(current));
                }
            }
        }
        return steps;
    }

    private static void checkMajorityKept(List<PeerInfo> current, List<PeerInfo> next) {
        long added = next.stream().filter(p -> !current.contains(p)).count();
        boolean oneToTwo = current.size() == 1 && next.size() == 2 && added == 1;
        assertThat(oneToTwo || added < next.size() - added)
                .as(current + " to " + next)
                .isTrue();
    }

    static List<PeerInfo> peers(String names) {
        return names.chars().mapToObj(c -> peer((char) c)).toList();
    }

    private static PeerInfo peer(char name) {
        return PeerInfo.parse(id(name).value(), "127.0.0.1:" + (1000 + name));
    }

    private static PeerId id(char name) {
        return PeerId.of(String.valueOf(name), 1);
    }

    private static String names(List<PeerInfo> peers) {
        return Stream.of(peers)
                .flatMap(List::stream)
                .map(p -> p.id().nodeName())
                .reduce("", String::concat);
    }
}
