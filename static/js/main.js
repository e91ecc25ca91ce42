import "./trusted-types.js";
import htmx from "../vendor/htmx.min.js";
import "./editor.js";
import "./requests.js";
import "./theme.js";
import "./copy.js";
import "./out.js";
import "./mend.js";
import "./keyboard.js";
import "./splitter.js";
import "./gateway.js";
import { watchMarks } from "./marks.js";
import { watchFolds } from "./folds.js";
import { watchTimes } from "./clock.js";
import { watchFragment } from "./fragment.js";

document.documentElement.classList.add("js");
// htmx would start by itself a moment later; a token in the fragment needs its triggers now.
htmx.process(document.body);
watchFolds();
watchMarks();
watchTimes();
watchFragment();
