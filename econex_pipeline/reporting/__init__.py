"""What a day came to: indicators, figures and the page. Nothing here decides anything."""
