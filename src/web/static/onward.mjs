// Goes on to the health record's sign-in as soon as the page is there, as a redirect would.

document.getElementById("onward").submit();
