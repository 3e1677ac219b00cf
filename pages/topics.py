"""Placeholder."""

import streamlit as st

st.html("<h1>topics</h1>")
