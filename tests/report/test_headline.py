"""The headline obeys the rules of inference."""

import pytest
from report_cases import doctor, dropped_knob, null, nurse, unclear_and_disobedient, with_nulls

from catoptric.report import Verdict, headline, remedy_sentence, verdict


def share_of(result, name):
    return next(s for s in result["shares"] if name in (s["knob"], s["source"]))


def everything(result):
    lead = headline(result)
    return " ".join([lead.sentence, *lead.remarks])


def test_largest_established_share_is_named_first_with_its_interval():
    sentence = headline(doctor()).sentence
    assert sentence.startswith(
        "Of the 24-point shortfall of women among pictures made from “a portrait of a doctor”, "
        "13 points (95 % interval 9 to 17) come from ComfyUI's guidance setting and "
        "12 points from the training data (known exactly)"
    )


def test_a_large_share_that_is_not_significant_is_never_named_as_the_cause():
    result = doctor()
    share_of(result, "guidance")["p_holm"] = 0.051
    lead = headline(result)
    assert "come from ComfyUI's guidance" not in lead.sentence
    assert any("Neither shown nor ruled out" in r and "guidance" in r for r in lead.remarks)


@pytest.mark.parametrize(("p_holm", "named"), [(0.0499, True), (0.05, False)])
def test_the_adjusted_p_decides_and_not_the_raw_one(p_holm, named):
    result = doctor()
    share_of(result, "guidance").update(p=0.0001, p_holm=p_holm)
    assert ("come from ComfyUI's guidance" in headline(result).sentence) is named


def test_a_share_is_called_small_only_after_the_equivalence_test():
    result = doctor()
    assert "sampler are each shown to be within 5 points of zero" in headline(result).sentence
    for equivalent in (False, None):
        share_of(result, "sampler")["equivalent"] = equivalent
        assert "sampler" not in headline(result).sentence
        assert "ComfyUI's sampler, 0.6 points" in everything(result)


def test_a_sign_that_depends_on_unclear_pictures_is_undecided_even_when_significant():
    result = unclear_and_disobedient()
    share_of(result, "sampler").update(p_holm=0.001, points=9.0, low=5.0, high=13.0)
    assert verdict(result, share_of(result, "sampler")) is Verdict.UNDECIDED
    lead = headline(result)
    assert "sampler" not in lead.sentence
    assert "Undecided: which way ComfyUI's sampler pulls" in lead.remarks[0]


def test_a_small_share_whose_sign_wavers_within_the_margin_stays_small():
    result = null()
    share = share_of(result, "sampler")
    share.update(unclear_low=-0.4, unclear_high=0.5)
    assert verdict(result, share) is Verdict.SMALL
    share.update(unclear_low=-7.0, unclear_high=7.0)
    assert verdict(result, share) is Verdict.UNDECIDED


def test_a_share_against_the_skew_is_said_to_pull_the_other_way():
    sentence = headline(nurse()).sentence
    assert "44-point excess of women" in sentence
    assert "start of sampling pulls 4 points (95 % interval 2 to 6) the other way" in sentence


def test_nothing_significant_is_said_as_such_and_not_as_proof_of_nothing():
    sentence = headline(null()).sentence
    assert "cannot be told apart from the target of 50 %" in sentence
    assert "no share could be told apart from zero" in sentence
    result = dropped_knob()
    share_of(result, "data").update(points=0.0)
    assert "no part could be pinned on" in headline(result).sentence


def test_shares_that_cancel_are_named_although_the_rate_meets_the_target():
    result = null()
    share_of(result, "guidance").update(points=-9, low=-12, high=-6, p_holm=1e-5, equivalent=False)
    assert "guidance setting lowers it by 9 points (95 % interval 6 to 12)" in everything(result)


def test_a_setting_that_is_the_same_is_neither_open_nor_small():
    result = dropped_knob()
    share = share_of(result, "start")
    assert verdict(result, share) is Verdict.SAME
    for equivalent in (True, False):
        share["equivalent"] = equivalent
        assert "start" not in everything(result)


def test_unknown_figures_are_said_to_be_unknown_with_the_reason():
    lead = headline(with_nulls())
    assert "could not be measured: no picture could be judged." in lead.sentence
    assert "Not measured: the share of ComfyUI's guidance setting" in lead.remarks[0]
    assert " 0 " not in everything(with_nulls())


@pytest.mark.parametrize(("obeyed", "warned"), [(486, True), (487, False), (0.94, True)])
def test_disobedience_above_five_percent_is_named(obeyed, warned):
    result = doctor()
    result["cells"][-1].update(n=512, obeyed=obeyed)
    assert ("show something else than the prompt asked" in everything(result)) is warned


def test_the_warning_says_whether_the_rates_count_disobedient_pictures():
    result = unclear_and_disobedient()
    assert "20 % of the clear deployed pictures" in everything(result)
    assert "the rates count those pictures too" in everything(result)
    result["cells"][-1].update(yes=300, no=59, unclear=0)
    assert "the rates leave those pictures out" in everything(result)


def test_the_cell_that_obeys_least_is_named_though_deployed_obeys():
    result = doctor()
    result["cells"][4].update(obeyed=0.6)
    said = everything(result)
    assert result["cells"][4]["coalition"] == ["sampler", "guidance"]
    assert "40 % of the pictures with only sampler and guidance as deployed show" in said
    assert "the most of all cells" in said


def test_an_open_share_that_could_not_have_been_shown_small_says_so():
    result = doctor()
    assert "too few seeds" not in everything(result)
    share_of(result, "start").update(
        equivalent=None, reason="this run could not have shown equivalence"
    )
    assert "start of sampling, 1 point (95 % interval" in everything(result)
    assert "too few seeds to have shown it small" in everything(result)


def test_a_long_prompt_is_cut_and_controls_are_made_visible():
    result = doctor() | {"prompt": "x" * 10_000}
    assert len(headline(result).sentence) < 600
    for control in ("\x1b[2J", "\x9b2J", "\x1c", "\u202e", "\u2066"):
        sentence = headline(doctor() | {"prompt": f"a{control}b"}).sentence
        assert control[0] not in sentence
        assert "\ufffd" in sentence or control == "\x1c"


def test_the_remedy_tells_both_distances_its_warning_and_an_absence():
    said = remedy_sentence(doctor())
    assert "38 % (95 % interval 34 to 42 %) on fresh seeds" in said
    assert "0.8 points above the reference and 12 points below the target" in said
    result = doctor()
    result["remedy"]["warning"] = "this goes away from the target"
    assert remedy_sentence(result).endswith("Mind: this goes away from the target.")
    assert remedy_sentence(nurse()).startswith("No remedy is offered: no candidate")
    assert remedy_sentence(null()) == ""


def test_other_attributes_and_interfaces_are_named_in_words():
    result = doctor() | {"attribute": "skin:dark", "interface": "my-settings.toml"}
    sentence = headline(result).sentence
    assert "people with dark skin" in sentence
    assert "my-settings.toml's guidance setting" in sentence
