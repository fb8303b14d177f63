package io.vmha.node.events;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.documents.Samples;
import io.vmha.node.view.NodeView;
import io.vmha.recovery.core.RecoveryState;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventFeedTest {
    private static RecoveryState of(NodeView view) {
        return view.state().orElseThrow();
    }

    @Test
    void whatWasThereAtTheBeginningIsNoNews() {
        var feed = new EventFeed();

        assertThat(feed.onState(of(Samples.quiet()), 1)).isEmpty();
        assertThat(feed.onState(of(Samples.quiet()), 2)).isEmpty();
    }

    @Test
    void aNewIncidentIsToldLineByLineAndItsHostChanges() {
        var feed = new EventFeed();
        feed.onState(of(Samples.quiet()), 1);

        List<Event> events = feed.onState(of(Samples.recovering()), 2);

        assertThat(events).extracting(Event::kind).contains(Event.Kind.INCIDENT, Event.Kind.HOST);
        assertThat(events).extracting(Event::id).doesNotHaveDuplicates();
        assertThat(events)
                .filteredOn(e -> e.kind() == Event.Kind.INCIDENT)
                .extracting(Event::text)
                .containsExactlyElementsOf(of(Samples.recovering()).openIncidents().get(0).story().stream()
                        .map(note -> note.text())
                        .toList());
        assertThat(feed.onState(of(Samples.recovering()), 3)).isEmpty();
    }

    @Test
    void aHeldIncidentSaysWhatToDo() {
        var feed = new EventFeed();
        feed.onState(of(Samples.quiet()), 1);

        List<Event> events = feed.onState(of(Samples.held()), 2);

        assertThat(events)
                .filteredOn(e -> e.kind() == Event.Kind.HELD)
                .singleElement()
                .satisfies(e -> assertThat(e.text()).contains("vmha incidents approve 7", "a person must approve"));
    }

    @Test
    void theNextLeaderTellsOpenIncidentsOnceMoreWithTheSameIds() {
        var first = new EventFeed();
        first.onState(of(Samples.quiet()), 1);
        List<String> told = first.onState(of(Samples.recovering()), 2).stream()
                .filter(e -> e.kind() == Event.Kind.INCIDENT)
                .map(Event::id)
                .toList();

        List<Event> again = new EventFeed().onState(of(Samples.recovering()), 9);

        assertThat(again).extracting(Event::id).containsExactlyElementsOf(told);
    }

    @Test
    void aClosedIncidentIsToldWithItsReportAndOldOnesAreNot() {
        var feed = new EventFeed();
        feed.onState(of(Samples.recovering()), 1);

        List<Event> events = feed.onState(of(Samples.recovered()), 2);

        assertThat(events)
                .filteredOn(e -> e.kind() == Event.Kind.CLOSED)
                .singleElement()
                .satisfies(e -> assertThat(e.text()).contains("VMs recovered"));
        assertThat(new EventFeed().onState(of(Samples.recovered()), 3)).isEmpty();
    }

    @Test
    void whatHappensOnLivingHostsIsToldOnce() {
        var feed = new EventFeed();
        feed.onState(of(Samples.quiet()), 1);

        List<Event> events = feed.onState(of(Samples.tended()), 2);

        assertThat(events).extracting(Event::id).doesNotHaveDuplicates();
        assertThat(events)
                .filteredOn(e -> e.kind() == Event.Kind.VM)
                .extracting(Event::text)
                .first()
                .asString()
                .contains("VM db", "shut off (crashed)");
        assertThat(events)
                .filteredOn(e -> e.kind() == Event.Kind.UPKEEP)
                .extracting(Event::text)
                .last()
                .asString()
                .isEqualTo("drain of hv-1: 1 of 1 VMs moved");
        assertThat(events)
                .filteredOn(e -> e.kind() == Event.Kind.HOST)
                .extracting(Event::text)
                .containsExactly("hv-2: its nova-compute is down");
        assertThat(feed.onState(of(Samples.tended()), 3)).isEmpty();
    }

    @Test
    void aLeaderThatRestsBeginsAnew() {
        var feed = new EventFeed();
        feed.onState(of(Samples.quiet()), 1);
        feed.rest();

        assertThat(feed.onState(of(Samples.recovered()), 2)).isEmpty();
    }
}
